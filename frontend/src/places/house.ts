// One house: new at a click, or changed; its pin dragged; what hangs on it.

import { ApiError } from "../planner/api";
import { byId, counted, h, say, word } from "../planner/dom";
import { journey, resting } from "../planner/journey";
import { api, type Building, type Card, type Guess, type Values } from "./api";
import { changed, differing, fieldsOf, type Fields } from "./differences";
import { act, button, confirmed, errorsOf, page, paused, sendConfirmed, show, showErrors, type Shell } from "./shell";

const NUMBERS = ["levels", "flats", "entrances"] as const;

function input(name: string): HTMLInputElement {
  return byId<HTMLFormElement>("pc-form").elements.namedItem(name) as HTMLInputElement;
}

export class HouseForm {
  private building: Card | null = null;
  private guesses: Guess[] = [];
  private isNumberTyped = false;
  private turn = 0; // counts what the form was filled with
  private saving = -1; // the turn that is being saved
  private isAskedAgain = false;
  private wasMoreOpen = false;
  private known: Fields = {}; // the fields as they were filled in
  private others: { street_id: number; street: string; number: string }[] = [];
  private readonly streets = byId<HTMLSelectElement>("pc-street");

  constructor(private readonly shell: Shell) {
    const form = byId<HTMLFormElement>("pc-form");
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      act(() => this.submit());
    });
    input("number").addEventListener("input", () => (this.isNumberTyped = true));
    this.streets.addEventListener("change", () => act(() => this.fitNumber()));
    input("place").addEventListener("change", () => this.placeTyped());
    byId("pc-house-back").onclick = () => this.leave();
    byId("pc-retire").onclick = () => act(() => this.retire());
    byId("pc-other-add").onclick = () => this.addOther();
    this.startFind();
  }

  /** A new house here: the street of the surroundings, its next free number. */
  async openNew(lat: number, lon: number, streetId?: number): Promise<void> {
    const isWanted = journey();
    const guesses = (await api.guess(lat, lon)).streets;
    if (streetId !== undefined && !guesses.some((each) => each.street_id === streetId)) {
      const street = await api.street(streetId);
      const { number } = await api.number(streetId, lat, lon);
      guesses.unshift({ street_id: streetId, label: street.label, locality: street.locality, metres: 0, number });
    }
    if (!isWanted()) return;
    this.building = null;
    this.isNumberTyped = false;
    this.guesses = guesses;
    this.fill(null);
    this.options(streetId ?? this.guesses[0]?.street_id ?? null);
    input("number").value = this.guesses.find((each) => each.street_id === Number(this.streets.value))?.number ?? "";
    this.setPlace(lat, lon);
    byId("pc-house-title").textContent = word("new_house");
    byId("pc-house-more").replaceChildren();
    byId("pc-retire").hidden = true;
    byId("pc-save").textContent = word("add_house");
    show("house", false);
    this.pin(lat, lon);
    input("number").focus();
    input("number").select();
  }

  /** `sent`: it was saved as the form was then; what has been typed since stays in the form. */
  async open(id: number, sent?: Fields): Promise<void> {
    const isWanted = journey();
    const building = await api.building(id);
    if (!isWanted()) return;
    if (building.merged_into) return this.open(building.merged_into);
    const since = sent ? differing(sent, this.fields()) : {};
    this.building = building;
    this.isNumberTyped = true;
    this.fill(building);
    if (since.street_id === undefined) this.offerStreet(building);
    this.known = this.fields();
    this.putBack(since);
    if (sent) byId("pc-more").toggleAttribute("open", this.wasMoreOpen); // what was seen stays in sight
    byId("pc-house-title").textContent = building.label;
    byId("pc-save").textContent = word("save");
    byId("pc-save").hidden = building.retired;
    byId("pc-retire").hidden = building.retired;
    this.more(building);
    show("house", Object.keys(since).length === 0);
    const { lat, lon } = (since.place && this.place()) || building;
    this.pin(lat, lon);
  }

  private offerStreet(building: Card): void {
    const { street_id: id, street: label, locality } = building;
    this.guesses = id ? [{ street_id: id, label, locality, metres: 0, number: "" }] : [];
    this.options(id);
  }

  private pin(lat: number, lon: number): void {
    this.shell.pin(lat, lon, (newLat, newLon, isDropped) => {
      this.setPlace(newLat, newLon);
      if (this.building && isDropped) act(() => this.move(newLat, newLon));
      else act(() => this.fitNumber());
    });
  }

  /** A dropped pin is saved at once, without what is typed; given up, it goes back. */
  private async move(lat: number, lon: number): Promise<void> {
    const { building } = this;
    if (!building) return;
    const isHere = resting();
    const sent = { ...this.known, place: input("place").value };
    try {
      const done = await sendConfirmed((sure) =>
        api.change(building.building_id, { base_revision: building.revision, lat, lon, ...sure }),
      );
      if (done) {
        this.shell.redraw();
        if (isHere()) await this.open(building.building_id, sent);
        say(word("moved"));
        return;
      }
    } catch (error) {
      if (!(error instanceof ApiError) || !isHere()) throw error;
      this.refused(error);
    }
    if (!isHere()) return;
    this.setPlace(building.lat, building.lon);
    this.pin(building.lat, building.lon);
  }

  private fill(building: Card | null): void {
    this.turn += 1;
    this.wasMoreOpen = byId<HTMLDetailsElement>("pc-more").open;
    showErrors(byId("pc-form"), {});
    byId("pc-house-told").replaceChildren();
    byId("pc-save").hidden = false;
    byId("pc-street-find").hidden = true;
    input("number").value = building?.number ?? "";
    input("wiring").value = building?.wiring ?? "UNKNOWN";
    for (const name of NUMBERS) input(name).value = building?.[name]?.toString() ?? "";
    input("access_note").value = building?.access_note ?? "";
    this.others = (building?.other_addresses ?? []).map((each) => ({ ...each }));
    this.showOthers();
    if (building) this.setPlace(building.lat, building.lon);
    byId("pc-more").toggleAttribute("open", building !== null && this.others.length > 0);
  }

  private options(chosen: number | null): void {
    this.streets.replaceChildren(
      ...this.guesses.map((each) =>
        h(
          "option",
          { value: each.street_id, selected: each.street_id === chosen },
          each.metres ? word("street_near", { name: each.label, metres: each.metres }) : each.label,
        ),
      ),
      h("option", { value: "", selected: chosen === null }, word("no_street")),
    );
  }

  private startFind(): void {
    const find = byId<HTMLInputElement>("pc-street-find");
    byId("pc-street-other").onclick = () => {
      find.hidden = !find.hidden;
      if (!find.hidden) find.focus();
    };
    const look = paused(200, async (text) => {
      if (text.trim().length < 2) return;
      const found = await api.streets(text, "");
      const [first] = found.streets;
      this.guesses = found.streets.slice(0, 12).map((each) => ({ ...each, metres: 0, number: "" }));
      this.options(first?.street_id ?? null);
      await this.fitNumber();
    });
    find.addEventListener("input", () => look(find.value));
    find.addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault();
      find.hidden = true;
      this.streets.focus();
    });
  }

  /** The number that fits, as long as nobody has typed one. */
  private async fitNumber(): Promise<void> {
    const place = this.place();
    const street = Number(this.streets.value);
    if (this.isNumberTyped || !place || !street) return;
    const { number } = await api.number(street, place.lat, place.lon);
    // Somebody may have typed while the answer was on its way, or is about to.
    if (this.isNumberTyped || Number(this.streets.value) !== street) return;
    const field = input("number");
    const isHeld = document.activeElement === field;
    const isChosen = field.selectionStart === 0 && field.selectionEnd === field.value.length;
    if (isHeld && !isChosen) return;
    field.value = number;
    if (isHeld) field.select();
  }

  private setPlace(lat: number, lon: number): void {
    input("place").value = `${lat.toFixed(6)}, ${lon.toFixed(6)}`;
  }

  private place(): { lat: number; lon: number } | null {
    const [lat, lon] = input("place").value.split(/[,;\s]+/).map(Number);
    return Number.isFinite(lat) && Number.isFinite(lon) ? { lat: lat as number, lon: lon as number } : null;
  }

  private placeTyped(): void {
    const place = this.place();
    showErrors(byId("pc-form"), place ? {} : { lon: word("bad_place") });
    if (!place) return;
    this.pin(place.lat, place.lon);
    this.shell.map.panTo([place.lat, place.lon]);
  }

  private showOthers(): void {
    byId("pc-others").replaceChildren(
      ...this.others.map((each, at) =>
        h(
          "p",
          { class: "pc-other" },
          h("span", {}, `${each.street}, ${each.number}`),
          button(word("remove"), () => {
            this.others.splice(at, 1);
            this.showOthers();
          }, "pl-link"),
        ),
      ),
    );
  }

  /** One line «вулиця Бучми 12» is enough for a further address: it is looked up as it is typed. */
  private addOther(): void {
    const street = h("select", { class: "form-select", "aria-label": word("street") });
    const find = h("input", { class: "form-control", type: "search", placeholder: word("street"), "aria-label": word("find_street") });
    const number = h("input", { class: "form-control", placeholder: "№", "aria-label": word("house_number"), maxlength: 40 });
    const look = paused(200, async (text) => {
      const found = await api.streets(text, "");
      street.replaceChildren(...found.streets.slice(0, 12).map((each) => h("option", { value: each.street_id }, each.label)));
    });
    find.addEventListener("input", () => look(find.value));
    const add = button(word("add"), () => {
      if (!street.value || !number.value.trim()) return;
      const label = street.selectedOptions[0]?.textContent ?? "";
      this.others.push({ street_id: Number(street.value), street: label, number: number.value.trim() });
      this.showOthers();
    }, "btn btn-sm");
    byId("pc-others").append(h("div", { class: "pc-other-new" }, find, street, number, add));
    find.focus();
  }

  /** What stands in the fields, as it was typed. */
  private fields(): Fields {
    return { ...fieldsOf(byId<HTMLFormElement>("pc-form")), others: JSON.stringify(this.others) };
  }

  private putBack({ others, ...typed }: Fields): void {
    for (const [name, value] of Object.entries(typed)) input(name).value = value;
    if (!others) return;
    this.others = JSON.parse(others) as typeof this.others;
    this.showOthers();
  }

  private values(): Values {
    const values: Values = {
      street_id: this.streets.value ? Number(this.streets.value) : null,
      number: input("number").value,
      wiring: input("wiring").value,
      access_note: input("access_note").value,
      other_addresses: this.others.map(({ street_id, number }) => ({ street_id, number })),
      ...this.place(),
    };
    for (const name of NUMBERS) values[name] = input(name).value === "" ? null : Number(input(name).value);
    return values;
  }

  private async submit(): Promise<void> {
    const { turn } = this;
    const id = this.building?.building_id;
    this.isAskedAgain = this.saving === turn; // a second press is no second house
    if (this.isAskedAgain) return;
    this.saving = turn;
    try {
      await this.save();
    } finally {
      if (this.saving === turn) this.saving = -1;
    }
    const isStill = id !== undefined && this.building?.building_id === id && this.turn !== turn;
    const isUnsaved = Object.keys(differing(this.known, this.fields())).length > 0;
    if (this.isAskedAgain && isStill && isUnsaved) await this.submit();
  }

  private async save(over?: number): Promise<void> {
    const { building } = this;
    const values = this.values();
    const isHere = resting();
    const sent = this.fields();
    try {
      if (building) {
        const changes = { base_revision: over ?? building.revision, ...changed(building, values) };
        const done = await sendConfirmed((sure) => api.change(building.building_id, { ...changes, ...sure }));
        if (!done) return;
        this.shell.redraw();
        if (isHere()) await this.open(building.building_id, sent);
        say(word("saved"));
        return;
      }
      const made = await sendConfirmed((sure) => api.create({ ...values, ...sure }));
      if (!made) return;
      const { building: fresh } = made;
      this.shell.redraw();
      // Who has gone elsewhere meanwhile is not pulled to it.
      if (!isHere()) say(word("house_added", { name: fresh.label }));
      if (!isHere()) return;
      this.shell.unpin();
      if (fresh.street_id) await this.shell.toStreet(fresh.street_id, fresh.building_id);
      else await this.open(fresh.building_id);
      say(word("house_added", { name: fresh.label }));
    } catch (error) {
      if (!(error instanceof ApiError) || !isHere()) throw error;
      this.refused(error);
    }
  }

  /** What the server refuses, with the ways out that there are. */
  private refused(error: ApiError): void {
    const told = byId("pc-house-told");
    told.replaceChildren();
    showErrors(byId("pc-form"), {});
    const ways: HTMLElement[] = [];
    const other = error.context.building as { building_id: number; label: string } | undefined;
    const current = error.context.current as Building | undefined;
    if (other) {
      ways.push(button(word("show_other"), () => act(() => this.shell.toHouse(other.building_id)), "btn btn-sm"));
      const mine = this.building;
      if (mine) {
        const merge = (): void => act(() => this.shell.toMerge(other.building_id, mine.building_id));
        ways.push(button(word("merge_houses"), merge, "btn btn-sm"));
      }
    } else if (current) {
      ways.push(button(word("load_present"), () => act(() => this.open(current.building_id)), "btn btn-sm"));
      ways.push(button(word("save_over"), () => act(() => this.save(current.revision)), "btn btn-sm"));
    } else {
      showErrors(byId("pc-form"), errorsOf(error));
      return;
    }
    told.append(h("div", { class: "pl-problems", role: "alert" }, h("p", {}, error.message), h("div", { class: "pl-offers" }, ...ways)));
    told.scrollIntoView({ block: "nearest" });
  }

  private more(building: Card): void {
    const id = building.building_id;
    const held = building.held.map((each) => h("li", {}, h("span", {}, each.title), h("b", {}, String(each.count))));
    const bringBack = (): void =>
      act(async () => {
        await api.buildingVerb(id, "bring-back", { base_revision: building.revision });
        say(word("back_now", { name: building.label }));
        this.shell.redraw();
        await this.open(id);
      });
    byId("pc-house-more").replaceChildren(
      building.retired
        ? h("div", { class: "pl-problems" }, h("p", {}, word("is_retired")), button(word("bring_back"), bringBack, "btn btn-sm", "undo"))
        : "",
      h("ul", { class: "pc-held" }, ...held),
      h(
        "div",
        { class: "pc-tools" },
        button(counted("units", building.premises), () => act(() => this.shell.toPremises(building)), "pl-link", "door"),
        button(word("history"), () => act(() => this.shell.toHistory("buildings", id, building.label)), "pl-link", "history"),
        h("a", { class: "pl-link", href: page.cardUrl.replace("/0/", `/${id}/`) }, word("building_card")),
      ),
    );
  }

  private async retire(): Promise<void> {
    const { building } = this;
    if (!building) return;
    const text = word("retire_help");
    const sure = await confirmed(word("retire_house", { name: building.label }), [{ code: "", text, level: "INFO" }], word("retire"));
    if (!sure) return;
    await api.buildingVerb(building.building_id, "retire", { base_revision: building.revision });
    say(word("retired_now", { name: building.label }));
    this.shell.redraw();
    await this.open(building.building_id);
  }

  private leave(): void {
    this.shell.unpin();
    const street = this.building?.street_id ?? (Number(this.streets.value) || null);
    if (street) act(() => this.shell.toStreet(street, this.building?.building_id));
    else this.shell.toStreets();
  }
}
