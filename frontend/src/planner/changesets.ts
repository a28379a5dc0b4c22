// Change sets: the lists, one of them with its zones before and after, its story, what may be done.

import { L } from "../shared/map";
import { byId, config, counted, h, icon, moment, say, word } from "./dom";
import { journey } from "./journey";
import { raiseSheet, show, view } from "./panel";
import type { Desk } from "./desk";
import { review, type ChangeSet, type Listed, type Note, type OpenedSet, type SetZone, type Shelf } from "./review_api";
import { dot, oldOutline, outline, stateMark, statusMove, titleOf } from "./review_parts";

type Sight = "before" | "both" | "after";

export class ChangeSets {
  private shelf: Shelf = "open";
  private found: ChangeSet[] = [];
  private next: number | null = null;
  opened: OpenedSet | null = null;

  constructor(private readonly planner: Desk) {
    byId("pl-sets").addEventListener("click", () => void this.list("open"));
    for (const button of this.tabs()) {
      button.addEventListener("click", () => void this.list(button.dataset.shelf as Shelf));
    }
    byId("pl-sets-more").addEventListener("click", () => void this.more());
    for (const button of document.querySelectorAll("[data-to-sets]")) {
      button.addEventListener("click", () => void this.list(this.shelf));
    }
    for (const button of document.querySelectorAll<HTMLButtonElement>("#pl-sight [data-sight]")) {
      button.addEventListener("click", () => this.look(button.dataset.sight as Sight));
    }
    byId("pl-set-impact").addEventListener("click", () => {
      if (this.opened) void this.planner.review(this.opened.changeset_id);
    });
    byId("pl-set-rename").addEventListener("click", () => this.rename(true));
    byId<HTMLFormElement>("pl-set-title-form").addEventListener("submit", (event) => {
      event.preventDefault();
      void this.saveTitle();
    });
    byId<HTMLFormElement>("pl-say-form").addEventListener("submit", (event) => {
      event.preventDefault();
      void this.act("comment", true);
    });
    byId("pl-set-submit").addEventListener("click", () => void this.act("submit"));
    byId("pl-set-approve").addEventListener("click", () => void this.act("approve"));
    byId("pl-set-back").addEventListener("click", () => void this.act("sendBack", true));
    byId("pl-set-unschedule").addEventListener("click", () => void this.act("unschedule"));
  }

  // --- lists ----------------------------------------------------------------------------------

  async list(shelf: Shelf): Promise<void> {
    this.shelf = shelf;
    const isWanted = journey();
    try {
      const page = await review.list(shelf);
      if (!isWanted()) return;
      this.found = [];
      this.take(page);
    } catch (error) {
      this.planner.fail(error);
      return;
    }
    if (!this.planner.leave()) return;
    for (const tab of this.tabs()) tab.setAttribute("aria-pressed", String(tab.dataset.shelf === shelf));
    this.opened = null;
    show("changesets", view() !== "changesets");
    raiseSheet();
  }

  private async more(): Promise<void> {
    try {
      this.take(await review.list(this.shelf, this.next));
    } catch (error) {
      this.planner.fail(error);
    }
  }

  private take(page: Listed): void {
    this.found.push(...page.changesets);
    this.next = page.next;
    byId("pl-sets-more").hidden = page.next === null;
    const items = this.found.map((set) => this.item(set));
    const none = h("li", { class: "pl-none" }, word(`sets_none_${this.shelf}`));
    byId("pl-sets-list").replaceChildren(...(items.length ? items : [none]));
  }

  private item(set: ChangeSet): HTMLElement {
    const when = set.published_at
      ? word("set_published_at", { at: moment(set.published_at) })
      : set.publish_at
        ? word("set_planned_for", { at: moment(set.publish_at) })
        : moment(set.created_at);
    const facts = [set.author, counted("zones", set.zones.length), when];
    return h(
      "li",
      {},
      h(
        "button",
        { type: "button", "data-set": set.changeset_id, onclick: () => void this.open(set.changeset_id) },
        h(
          "span",
          { class: "pl-zone" },
          h("b", {}, titleOf(set)),
          h("small", {}, facts.filter(Boolean).join(" · ")),
          h(
            "span",
            { class: "pl-marks" },
            stateMark(set),
            set.failure ? h("span", { class: "pl-state is-bad" }, word("set_failed")) : null,
            set.zones.some((zone) => zone.stale) ? h("span", { class: "pl-state is-ask" }, word("stale")) : null,
          ),
        ),
      ),
    );
  }

  private tabs(): HTMLButtonElement[] {
    return [...document.querySelectorAll<HTMLButtonElement>("#pl-shelves [data-shelf]")];
  }

  // --- one change set ---------------------------------------------------------------------------

  async open(id: number): Promise<void> {
    const isWanted = journey();
    try {
      const opened = await review.open(id);
      if (!isWanted()) return;
      this.opened = opened;
    } catch (error) {
      this.planner.fail(error);
      return;
    }
    if (!this.planner.leave()) return;
    byId<HTMLTextAreaElement>("pl-say").value = "";
    this.rename(false);
    this.show(this.opened);
    show("changeset");
    raiseSheet();
    this.look("both", true);
  }

  private show(set: OpenedSet): void {
    this.opened = set;
    const open = set.state === "DRAFT" || set.state === "REVIEW";
    byId("pl-set-title").textContent = titleOf(set);
    byId("pl-set-marks").replaceChildren(stateMark(set));
    byId("pl-set-facts").textContent = this.facts(set);
    byId("pl-set-rename").hidden = !open;
    this.explain(set);
    byId("pl-set-zones").replaceChildren(...set.zones.map((zone) => this.zone(zone, open)));
    byId("pl-set-result").replaceChildren(...this.result(set));
    const begun: Note = { at: set.created_at, kind: "BEGUN", author: set.author, text: "" };
    byId("pl-story").replaceChildren(...[begun, ...set.notes].map((note) => this.note(note)));
    this.showActions(set);
  }

  private facts(set: OpenedSet): string {
    return [
      word("set_by", { name: set.author, at: moment(set.created_at) }),
      set.approved_at ? word("set_approved_by", { name: set.approved_by, at: moment(set.approved_at) }) : "",
      set.publish_at ? word("set_scheduled_by", { name: set.scheduled_by, at: moment(set.publish_at) }) : "",
      set.published_at ? word("set_published_by", { name: set.published_by, at: moment(set.published_at) }) : "",
    ]
      .filter(Boolean)
      .join(" · ");
  }

  /** Why something can't be done yet, and by whom it can. */
  private explain(set: OpenedSet): void {
    const box = byId("pl-set-why");
    const failure = set.failure
      ? h(
          "div",
          { class: "pl-problems" },
          h(
            "p",
            {},
            icon("alert"),
            h(
              "span",
              {},
              word("set_failure", { at: moment(set.failure.planned_for), why: set.failure.message }),
            ),
          ),
        )
      : null;
    const text = reviewWord(set);
    const why = text ? h("p", { class: "pl-why" }, icon("info"), h("span", {}, text)) : null;
    box.replaceChildren(...[failure, why].filter((each) => each !== null));
  }

  private zone(zone: SetZone, open: boolean): HTMLElement {
    const facts = [zone.network_type, statusMove(zone.old_status, zone.status)];
    if (zone.priority) facts.push(word("priority", { value: zone.priority }));
    return h(
      "li",
      {},
      dot(zone.status),
      h(
        "div",
        {},
        h("b", {}, zone.name),
        h("small", {}, facts.join(" · ")),
        zone.stale ? h("span", { class: "pl-state is-ask" }, word("zone_stale")) : null,
        h(
          "span",
          { class: "pl-acts" },
          h("button", { type: "button", class: "pl-link", onclick: () => this.zoomTo(zone) }, word("show")),
          open
            ? h(
                "button",
                { type: "button", class: "pl-link", onclick: () => this.edit(zone) },
                word("open_zone"),
              )
            : null,
        ),
      ),
    );
  }

  /** What the publication did, as it was stored with it. */
  private result(set: OpenedSet): HTMLElement[] {
    const impact = set.state === "PUBLISHED" ? set.impact : null;
    if (!impact) return [];
    const lines = [
      word("result_buildings", { gained: impact.gained ?? 0, lost: impact.lost ?? 0 }),
      ...(impact.lines ?? []).map((line) => line.text),
      ...(impact.invariants ?? []).map((breach) => `${breach.title}: ${breach.count}`),
    ];
    return [
      h("h3", {}, word("result")),
      h("ul", { class: "pl-lines" }, ...lines.map((text) => h("li", {}, icon("info"), h("span", {}, text)))),
    ];
  }

  private note(note: Note): HTMLElement {
    const text = note.kind === "SCHEDULED" ? word("note_for", { at: note.text }) : note.text;
    return h(
      "li",
      { class: `is-${note.kind.toLowerCase()}` },
      h("b", {}, word(`note_${note.kind}`)),
      h("small", {}, [note.author, moment(note.at)].filter(Boolean).join(" · ")),
      text ? h("p", {}, text) : null,
    );
  }

  private showActions(set: OpenedSet): void {
    const inReview = set.state === "REVIEW";
    const mayApprove = config.mayPublish && !(set.need_review && set.drawn_by_me);
    byId("pl-set-submit").hidden = set.state !== "DRAFT";
    byId("pl-set-approve").hidden = !inReview || Boolean(set.approved_at ?? set.publish_at) || !mayApprove;
    byId("pl-set-back").hidden = !inReview;
    byId("pl-set-unschedule").hidden = !set.publish_at || !config.mayPublish;
    byId("pl-set-bar").hidden = set.state !== "DRAFT" && !inReview;
  }

  /** Do it with the words that are typed; `needed`: without words it is not done. */
  private async act(
    what: "comment" | "submit" | "approve" | "sendBack" | "unschedule",
    needed = false,
  ): Promise<void> {
    const id = this.opened?.changeset_id;
    const field = byId<HTMLTextAreaElement>("pl-say");
    const text = field.value.trim();
    const fault = byId("pl-say-error");
    fault.textContent = needed && !text ? word("say_needed") : "";
    field.setAttribute("aria-invalid", String(Boolean(fault.textContent)));
    if (id === undefined || fault.textContent) {
      field.focus();
      return;
    }
    try {
      const set = what === "unschedule" ? await review.unschedule(id) : await review[what](id, text, this.opened?.submitted_at ?? null);
      // Another set may have been opened meanwhile, or the next words typed.
      const isShown = this.opened?.changeset_id === id;
      if (isShown && what !== "unschedule" && field.value.trim() === text) field.value = "";
      if (isShown) this.show(set);
      say(word(`did_${what}`));
      await this.planner.reload();
    } catch (error) {
      this.planner.fail(error);
    }
  }

  private rename(on: boolean): void {
    byId("pl-set-title-form").hidden = !on;
    const field = byId<HTMLInputElement>("pl-set-title-field");
    field.value = this.opened?.title ?? "";
    if (on) field.focus();
  }

  private async saveTitle(): Promise<void> {
    const id = this.opened?.changeset_id;
    if (id === undefined) return;
    try {
      const title = byId<HTMLInputElement>("pl-set-title-field").value.trim();
      const renamed = await review.rename(id, title);
      if (this.opened?.changeset_id === id) {
        this.show(renamed);
        this.rename(false);
        byId("pl-set-rename").focus();
      }
      await this.planner.into.load();
    } catch (error) {
      this.planner.fail(error);
    }
  }

  // --- on the map -------------------------------------------------------------------------------

  private look(sight: Sight, zoom = false): void {
    for (const button of document.querySelectorAll<HTMLButtonElement>("#pl-sight [data-sight]")) {
      button.setAttribute("aria-pressed", String(button.dataset.sight === sight));
    }
    const group = L.featureGroup();
    for (const zone of this.opened?.zones ?? []) {
      if (zone.old_geometry && sight === "before" && zone.old_status) {
        outline(this.planner.map, zone.old_geometry, zone.old_status).addTo(group);
      } else if (zone.old_geometry && sight === "both") {
        oldOutline(this.planner.map, zone.old_geometry).addTo(group);
      }
      if (zone.geometry && sight !== "before") outline(this.planner.map, zone.geometry, zone.status).addTo(group);
    }
    this.planner.dim(new Set(this.opened?.zones.map((zone) => zone.zone_id)));
    this.planner.overlay(group);
    const bounds = group.getBounds();
    if (zoom && bounds.isValid()) this.planner.map.fitBounds(bounds, this.planner.editor.room());
  }

  private zoomTo(zone: SetZone): void {
    const shape = zone.geometry ?? zone.old_geometry;
    if (shape) this.planner.map.fitBounds(L.geoJSON(shape).getBounds(), this.planner.editor.room());
  }

  private edit(zone: SetZone): void {
    if (this.opened) this.planner.openZone(zone.zone_id, undefined, this.opened.changeset_id);
  }
}

/** What the rule of the second person means for this change set, in a sentence; "" where nothing. */
export function reviewWord(set: OpenedSet): string {
  if (set.state === "CANCELLED") return word("why_cancelled");
  if (set.state !== "DRAFT" && set.state !== "REVIEW") return "";
  if (set.publish_at) return word("why_scheduled", { at: moment(set.publish_at) });
  if (!set.need_review) return set.state === "REVIEW" && !set.approved_at ? word("why_may_wait") : "";
  if (set.approved_at) return config.mayPublish ? word("why_approved") : word("publish_not_permitted");
  if (set.state === "DRAFT") return word("why_hand_over");
  return set.drawn_by_me ? word("why_second_person") : word("why_you_may_approve");
}
