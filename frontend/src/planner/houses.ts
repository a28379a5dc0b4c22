// A building's card: what each network answers and why, what was found on the spot, and noting it.

import { byId, config, day, h, icon, moment, say, word } from "./dom";
import { ApiError } from "./api";
import { journey } from "./journey";
import { raiseSheet, show } from "./panel";
import type { Desk } from "./desk";
import { review, suggest, type BuildingState, type Override, type Suggestion } from "./review_api";
import { kyivWall } from "./review_parts";
import { markAt } from "./rules";

const TYPING_MS = 180;

export class Houses {
  private state: BuildingState | null = null;
  private running: AbortController | null = null;
  private timer = 0;
  private readonly field = byId<HTMLInputElement>("pl-house-find");
  private readonly list = byId("pl-house-list");
  private readonly form = byId<HTMLFormElement>("pl-note-form");

  constructor(private readonly planner: Desk) {
    byId("pl-houses").addEventListener("click", () => void this.start());
    this.field.addEventListener("input", () => this.typed());
    this.field.addEventListener("keydown", (event) => this.key(event));
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.save();
    });
  }

  /** The search, and the notes that are in force. */
  async start(): Promise<void> {
    if (!this.planner.leave()) return;
    this.state = null;
    this.field.value = "";
    this.offer([]);
    this.arrange();
    show("building", false);
    raiseSheet();
    this.field.focus();
    await this.showInForce();
  }

  async open(id: number): Promise<void> {
    const isWanted = journey();
    window.clearTimeout(this.timer);
    this.running?.abort();
    let state: BuildingState;
    try {
      state = await review.building(id);
    } catch (error) {
      this.planner.fail(error);
      return;
    }
    if (!isWanted() || !this.planner.leave()) return;
    this.offer([]);
    this.fill(state);
    show("building");
    raiseSheet();
    this.planner.overlay(markAt(state.lat, state.lon, "pl-here"));
    this.planner.lookAt(state.lat, state.lon, 17);
  }

  // --- search -----------------------------------------------------------------------------------

  private typed(): void {
    window.clearTimeout(this.timer);
    this.timer = window.setTimeout(() => void this.suggest(), TYPING_MS);
  }

  private async suggest(): Promise<void> {
    const text = this.field.value.trim();
    this.running?.abort();
    if (text.length < 2) {
      this.offer([]);
      return;
    }
    this.running = new AbortController();
    try {
      this.offer(await suggest(text, this.running.signal), true);
    } catch (error) {
      if (!(error instanceof DOMException)) this.planner.fail(error);
    }
  }

  private offer(found: Suggestion[], typed = false): void {
    const options = found.map((each, index) =>
      h(
        "li",
        {
          role: "option",
          id: `pl-house-${index}`,
          "aria-selected": "false",
          onmousedown: (event) => event.preventDefault(),
          onclick: () => this.take(each),
        },
        h("b", {}, each.label),
        h("small", {}, [each.locality, each.note].filter(Boolean).join(" · ")),
      ),
    );
    const none = typed && !found.length ? [h("li", { class: "pl-none" }, word("house_none"))] : [];
    this.list.replaceChildren(...options, ...none);
    this.list.hidden = !options.length && !none.length;
    this.field.setAttribute("aria-expanded", String(options.length > 0));
    this.field.removeAttribute("aria-activedescendant");
  }

  private take(found: Suggestion): void {
    if (found.building_id) {
      this.field.value = found.text;
      void this.open(found.building_id);
      return;
    }
    this.field.value = `${found.text}, `;
    this.field.focus();
    void this.suggest();
  }

  private key(event: KeyboardEvent): void {
    const options = [...this.list.querySelectorAll<HTMLElement>("[role=option]")];
    const at = options.findIndex((option) => option.getAttribute("aria-selected") === "true");
    if (event.key === "Escape") this.offer([]);
    else if (event.key === "Enter") {
      event.preventDefault();
      (options[at] ?? options[0])?.click();
    } else if ((event.key === "ArrowDown" || event.key === "ArrowUp") && options.length) {
      event.preventDefault();
      const to = (at + (event.key === "ArrowDown" ? 1 : -1) + options.length) % options.length;
      options.forEach((option, index) => option.setAttribute("aria-selected", String(index === to)));
      this.field.setAttribute("aria-activedescendant", options[to]?.id ?? "");
      options[to]?.scrollIntoView({ block: "nearest" });
    }
  }

  // --- the card ------------------------------------------------------------------------------------

  private fill(state: BuildingState): void {
    this.state = state;
    byId("pl-house-title").textContent = state.address || word("house_unnamed");
    for (const link of byId("pl-house-links").querySelectorAll("a")) {
      link.href = (link.dataset.href ?? "").replace(/([/=])0(\/?)/, `$1${state.building_id}$2`);
    }
    const answers = state.answers.map((answer) => this.answer(answer));
    byId("pl-house-answers").replaceChildren(
      ...(answers.length ? answers : [h("li", { class: "pl-none" }, word("house_outside"))]),
    );
    const now = state.overrides.filter((each) => each.in_force);
    byId("pl-house-now").replaceChildren(...now.map((each) => this.override(each)));
    const past = state.overrides.filter((each) => !each.in_force);
    byId("pl-house-past").replaceChildren(...past.map((each) => this.override(each)));
    byId("pl-house-history").hidden = past.length === 0;
    this.form.reset();
    byId<HTMLInputElement>("pl-note-last").min = kyivWall(new Date()).slice(0, 10);
    const network = now[0]?.network_type ?? state.answers[0]?.network_type;
    if (network) byId<HTMLSelectElement>("pl-note-network").value = network;
    this.faults({});
    this.arrange();
  }

  private arrange(): void {
    byId("pl-house-card").hidden = this.state === null;
    byId("pl-house-start").hidden = this.state !== null;
    byId("pl-house-title").hidden = this.state === null;
    byId("pl-house-head").hidden = this.state !== null;
    byId("pl-note-box").hidden = !this.state?.may_override;
  }

  private answer(answer: BuildingState["answers"][number]): HTMLElement {
    const metres = answer.distance_m === null ? "" : Math.round(answer.distance_m);
    const why = word(`reason_${answer.reason}`, { metres });
    const zone = answer.zone_id;
    return h(
      "li",
      { class: `is-${answer.answer.toLowerCase()}` },
      h("b", {}, answer.network_type, " — ", config.answers[answer.answer] ?? answer.answer),
      h("small", {}, why),
      zone && this.planner.row(zone)
        ? h(
            "button",
            { type: "button", class: "pl-link", onclick: () => this.planner.openZone(zone) },
            word("zone_named", { name: answer.zone_name }),
          )
        : null,
    );
  }

  private override(override: Override): HTMLElement {
    const name = `${override.network_type} — ${word(override.available ? "note_yes" : "note_no")}`;
    const span = override.valid_until
      ? word("version_span", { start: moment(override.valid_from), end: moment(override.valid_until) })
      : word("version_since", { start: moment(override.valid_from) });
    const ended = override.end_reason
      ? word("note_ended", { why: override.end_reason, name: override.ended_by })
      : "";
    return h(
      "li",
      { class: override.in_force ? "is-now" : "" },
      h("b", {}, name),
      h("p", {}, override.reason),
      h("small", {}, [span, override.author].filter(Boolean).join(" · ")),
      ended ? h("small", {}, ended) : null,
      override.in_force && this.state?.may_override ? this.ending(override) : null,
    );
  }

  /** Ending asks why, in place. */
  private ending(override: Override): HTMLElement {
    const field = h("input", {
      class: "form-control",
      maxlength: 300,
      "aria-label": word("note_end_why"),
      placeholder: word("note_end_why"),
    });
    const fault = h("p", { class: "pl-error" });
    const form = h(
      "form",
      { class: "pl-end", hidden: true },
      field,
      h("button", { type: "submit", class: "btn btn-sm" }, word("note_end_sure")),
      fault,
    );
    const button = h("button", { type: "button", class: "pl-link" }, word("note_end"));
    button.addEventListener("click", () => {
      form.hidden = !form.hidden;
      if (!form.hidden) field.focus();
    });
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      fault.textContent = field.value.trim() ? "" : word("say_needed");
      if (!fault.textContent) void this.end(override, field.value.trim());
      else field.focus();
    });
    return h("div", {}, button, form);
  }

  private async end(override: Override, why: string): Promise<void> {
    const { state } = this;
    if (!state) return;
    try {
      await review.endOverride(override.override_id, why);
      say(word("did_end_note"));
      const now = await review.building(state.building_id);
      if (this.state === state) this.fill(now);
      this.planner.buildings.reload();
    } catch (error) {
      this.planner.fail(error);
    }
  }

  private async save(): Promise<void> {
    const { state } = this;
    if (!state) return;
    const given = new FormData(this.form);
    const available = given.get("available");
    const reason = String(given.get("reason") ?? "").trim();
    const faults: Record<string, string> = {};
    if (available === null) faults.available = word("note_choose");
    if (!reason) faults.reason = word("say_needed");
    this.faults(faults);
    if (available === null || !reason) return;
    try {
      const body = {
        network_type: String(given.get("network_type")),
        available: available === "1",
        reason,
        last_date: String(given.get("last_date") ?? "") || null,
      };
      const now = await review.setOverride(state.building_id, body);
      if (this.state === state) this.fill(now);
      say(word("did_note"));
      this.planner.buildings.reload();
    } catch (error) {
      if (error instanceof ApiError && (error.field || Object.keys(error.fields).length)) {
        this.faults(Object.keys(error.fields).length ? error.fields : { [error.field]: error.message });
      } else this.planner.fail(error);
    }
  }

  private faults(faults: Record<string, string>): void {
    let first: HTMLElement | null = null;
    for (const place of this.form.querySelectorAll<HTMLElement>("[data-fault]")) {
      const name = place.dataset.fault ?? "";
      place.textContent = faults[name] ?? "";
      const field = this.form.querySelector<HTMLElement>(`[name="${name}"]`);
      field?.setAttribute("aria-invalid", String(Boolean(faults[name])));
      if (faults[name] && !first) first = field;
    }
    first?.focus();
  }

  // --- notes in force ---------------------------------------------------------------------------------

  private async showInForce(): Promise<void> {
    try {
      const { overrides } = await review.overrides();
      const items = overrides.map((each) =>
        h(
          "li",
          {},
          h(
            "button",
            { type: "button", onclick: () => void this.open(each.building_id) },
            icon(each.available ? "check" : "alert"),
            h(
              "span",
              { class: "pl-zone" },
              h("b", {}, each.address || word("house_unnamed")),
              h(
                "small",
                {},
                `${each.network_type} — ${word(each.available ? "note_yes" : "note_no")} · ${each.reason}` +
                  (each.valid_until ? ` · ${word("until", { day: day(lastDay(each.valid_until)) })}` : ""),
              ),
            ),
          ),
        ),
      );
      const none = h("li", { class: "pl-none" }, word("notes_none"));
      byId("pl-notes-list").replaceChildren(...(items.length ? items : [none]));
    } catch (error) {
      this.planner.fail(error);
    }
  }
}

/** The last day that a note holds: it ends with the midnight after it. */
function lastDay(until: string): string {
  return kyivWall(new Date(Date.parse(until) - 1000)).slice(0, 10);
}
