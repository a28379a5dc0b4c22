// Streets in a list, houses of a street in the order of houses, two of them chosen for a merge.

import { byId, counted, day, h, icon, say, word } from "../planner/dom";
import { journey } from "../planner/journey";
import { api, type House, type Street, type StreetRow, type Suggestion } from "./api";
import { mergeForm, newStreetForm, renameForm } from "./naming";
import { act, button, confirmed, paused, show, walkable, type Shell } from "./shell";

export class Streets {
  private street: Street | null = null;
  private chosen: number[] = [];
  private listed: House[] = [];

  constructor(private readonly shell: Shell) {
    const find = byId<HTMLInputElement>("pc-find");
    const look = paused(180, (text, signal) => this.search(text, signal));
    find.addEventListener("input", () => look(find.value));
    find.addEventListener("keydown", (event) => {
      if (event.key === "ArrowDown") this.firstRow("pc-streets")?.focus();
      if (event.key === "Enter") this.firstRow("pc-streets")?.click();
    });
    byId("pc-new-street").onclick = () => newStreetForm(shell, find.value);
    byId("pc-new-here").onclick = () => {
      const { lat, lng } = shell.middle();
      act(() => shell.newHouse(lat, lng, this.street?.street_id));
    };
    byId("pc-merge").onclick = () => {
      const [one, other] = this.chosen;
      if (one && other) act(() => shell.toMerge(one, other));
    };
    for (const id of ["pc-streets", "pc-houses"]) walkable(byId(id));
    look("");
  }

  /** The list of streets again, as it was searched. */
  toList(): void {
    this.street = null;
    this.shell.mark([]);
    const find = byId<HTMLInputElement>("pc-find");
    act(() => this.search(find.value, new AbortController().signal));
    show("streets", false);
    find.focus();
  }

  async open(id: number, focusHouse?: number): Promise<void> {
    const isWanted = journey();
    const [street, page] = await Promise.all([api.street(id), api.houses(id, "")]);
    if (!isWanted()) return;
    if (street.merged_into) return this.open(street.merged_into, focusHouse);
    this.street = street;
    this.chosen = [];
    this.listed = [];
    byId("pc-street-name").textContent = street.label;
    this.about(street);
    byId("pc-houses").replaceChildren();
    this.add([...page.houses, ...page.further], page.next);
    const places = this.listed.map((each): [number, number] => [each.lat, each.lon]);
    this.shell.look([...places, ...(street.bounds ?? [])], 17.5);
    this.bar();
    show("street", focusHouse === undefined);
    const row = byId("pc-houses").querySelector<HTMLElement>(`[data-row="${focusHouse}"]`);
    row?.scrollIntoView({ block: "center" });
    row?.focus({ preventScroll: true });
  }

  private async search(text: string, signal: AbortSignal): Promise<void> {
    const list = byId("pc-streets");
    if (/\d/.test(text)) {
      const found = await api.suggest(text, signal);
      if (found.some((each) => each.building_id)) {
        list.replaceChildren(...found.map((each) => this.addressRow(each)));
        return;
      }
    }
    const page = await api.streets(text, "", signal);
    list.replaceChildren(...page.streets.map((street) => this.streetRow(street)));
    if (page.streets.length === 0) list.append(h("li", { class: "pl-none" }, word("no_streets")));
    this.moreStreets(text, page.next);
  }

  private moreStreets(text: string, next: string | null): void {
    if (!next) return;
    const more = button(word("show_more"), () => {
      act(async () => {
        const page = await api.streets(text, next);
        item.replaceWith(...page.streets.map((street) => this.streetRow(street)));
        this.moreStreets(text, page.next);
      });
    }, "pl-link");
    const item = h("li", { class: "pl-none" }, more);
    byId("pc-streets").append(item);
  }

  private addressRow(found: Suggestion): HTMLLIElement {
    const open = (): void =>
      act(() => (found.building_id ? this.shell.toHouse(found.building_id) : this.open(found.street_id)));
    return h(
      "li",
      {},
      h(
        "button",
        { type: "button", "data-row": found.building_id ?? `s${found.street_id}`, onclick: open },
        h("span", { class: "pl-zone" }, h("b", {}, found.label), h("small", {}, found.locality)),
      ),
    );
  }

  private streetRow(street: StreetRow): HTMLLIElement {
    return h(
      "li",
      {},
      h(
        "button",
        { type: "button", "data-row": street.street_id, onclick: () => act(() => this.open(street.street_id)) },
        h(
          "span",
          { class: "pl-zone" },
          h("b", {}, street.label),
          h("small", {}, `${street.locality} · ${counted("houses", street.buildings)}`),
          street.retired ? h("span", { class: "pl-mark is-stale" }, word("retired")) : null,
        ),
      ),
    );
  }

  private about(street: Street): void {
    const old = street.aliases.map((alias) =>
      alias.until_date ? word("until_name", { name: alias.label, day: day(alias.until_date) }) : alias.label,
    );
    const tools = street.retired
      ? [button(word("bring_back"), () => this.verb("bring-back"), "pl-link", "undo")]
      : [
          button(word("rename"), () => renameForm(this.shell, street), "pl-link", "pencil"),
          button(word("merge_street"), () => mergeForm(this.shell, street), "pl-link", "join"),
          street.buildings === 0 ? button(word("retire"), () => this.retire(street), "pl-link", "trash") : null,
        ];
    const history = button(
      word("history"),
      () => act(() => this.shell.toHistory("streets", street.street_id, street.label)),
      "pl-link",
      "history",
    );
    byId("pc-street-about").replaceChildren(
      h("p", { class: "pl-help" }, `${street.locality} · ${counted("houses", street.buildings)}`),
      ...(old.length ? [h("p", { class: "pl-help" }, word("old_names", { names: old.join(", ") }))] : []),
      h("div", { class: "pc-tools" }, ...tools, history),
    );
  }

  private retire(street: Street): void {
    act(async () => {
      if (await confirmed(word("retire_street", { name: street.label }), [])) this.verb("retire");
    });
  }

  private verb(verb: string): void {
    const { street } = this;
    if (!street) return;
    act(async () => {
      await api.streetVerb(street.street_id, verb, street.revision);
      say(word(verb === "retire" ? "retired_now" : "back_now", { name: street.label }));
      this.shell.toStreets();
    });
  }

  private add(houses: House[], next: string | null): void {
    this.listed.push(...houses);
    const list = byId("pc-houses");
    list.append(...houses.map((house) => this.houseRow(house)));
    if (this.listed.length === 0) list.append(h("li", { class: "pl-none" }, word("no_houses")));
    if (next) {
      const more = button(word("show_more"), () => {
        act(async () => {
          const page = await api.houses(this.street?.street_id ?? 0, next);
          item.remove();
          this.add(page.houses, page.next);
        });
      }, "pl-link");
      const item = h("li", { class: "pl-none" }, more);
      list.append(item);
    }
    this.shell.mark(this.listed);
  }

  private houseRow(house: House): HTMLLIElement {
    const id = house.building_id;
    const box = h("input", {
      type: "checkbox",
      class: "form-check-input",
      "aria-label": word("choose_house", { number: house.number || word("no_number") }),
      onchange: () => this.choose(id, box.checked),
    });
    return h(
      "li",
      {},
      h(
        "button",
        { type: "button", "data-row": id, onclick: () => act(() => this.shell.toHouse(id)) },
        h("b", {}, house.number || word("no_number")),
        house.wiring === "WIRED" ? h("span", { class: "pc-wired", title: word("wired") }, icon("check")) : null,
      ),
      h("label", { class: "pc-choose", title: word("choose_to_merge") }, box),
    );
  }

  private choose(id: number, isChosen: boolean): void {
    this.chosen = this.chosen.filter((each) => each !== id);
    if (isChosen) this.chosen.push(id);
    this.bar();
  }

  private bar(): void {
    byId("pc-two").hidden = this.chosen.length !== 2;
    const full = this.chosen.length >= 2;
    for (const box of byId("pc-houses").querySelectorAll<HTMLInputElement>("input[type=checkbox]")) {
      box.disabled = full && !box.checked;
    }
  }

  private firstRow(id: string): HTMLElement | null {
    return byId(id).querySelector<HTMLElement>("button[data-row]");
  }
}
