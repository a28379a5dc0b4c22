// Who else has the same zone or change set open: told and asked every quarter of a minute.

import { byId, h, icon, word } from "./dom";
import { onShow, view } from "./panel";
import type { Desk } from "./desk";
import { review, type Person } from "./review_api";

const EVERY_MS = 15_000;
const SOON_MS = 250;
const ZONE_VIEWS = new Set(["edit", "text", "history", "stale", "tool"]);

export class Presence {
  private readonly tab = Math.random().toString(36).slice(2, 12);
  private subject = "";
  private edits = false;
  private timer = 0;
  private due = Infinity;
  private others: Person[] = [];

  constructor(private readonly planner: Desk) {
    onShow(() => this.look());
    document.addEventListener("input", () => this.look());
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden) this.soon();
    });
    window.addEventListener("pagehide", () => void review.present("", this.tab, false).catch(() => null));
    this.soon();
  }

  /** In the list: who has which zone open. */
  markList(): void {
    for (const mark of document.querySelectorAll("#pl-zones .pl-present")) mark.remove();
    for (const each of this.others) {
      const zone = each.subject.replace("zone:", "");
      const row = document.querySelector(`#pl-zones [data-zone="${zone}"] .pl-zone`);
      const text = word(presenceWord(each), { name: each.name });
      row?.append(h("span", { class: "pl-present" }, icon("users"), text));
    }
  }

  /** Has something else been opened, or begun to be changed? */
  look(): void {
    const subject = this.present();
    const edits = subject.startsWith("zone:") && this.planner.form.touched;
    if (subject === this.subject && edits === this.edits) return;
    if (subject !== this.subject) this.show(subject);
    this.subject = subject;
    this.edits = edits;
    this.soon();
  }

  private present(): string {
    const zone = this.planner.open?.id;
    if (zone !== undefined && ZONE_VIEWS.has(view())) return `zone:${zone}`;
    const { sets, reviewing } = this.planner;
    const set = view() === "changeset" ? sets.opened?.changeset_id : reviewing.changeset;
    return set && (view() === "changeset" || view() === "publish") ? `changeset:${set}` : "";
  }

  /** The next telling: never later than one that is due already. */
  private soon(wait = SOON_MS): void {
    const due = Date.now() + wait;
    if (this.due <= due) return;
    this.due = due;
    window.clearTimeout(this.timer);
    this.timer = window.setTimeout(() => void this.beat(), wait);
  }

  private async beat(): Promise<void> {
    this.due = Infinity;
    if (!document.hidden) {
      this.edits = this.subject.startsWith("zone:") && this.planner.form.touched;
      try {
        this.others = (await review.present(this.subject, this.tab, this.edits)).present;
      } catch {
        this.others = []; // saving tells when there is no connection; this is a convenience only
      }
      this.show(this.subject);
      this.markList();
    }
    this.soon(EVERY_MS);
  }

  private show(subject: string): void {
    const here = subject ? this.others.filter((each) => each.subject === subject) : [];
    for (const id of ["pl-present-zone", "pl-present-set", "pl-present-publish"]) {
      const box = byId(id);
      box.hidden = here.length === 0;
      box.replaceChildren(
        ...here.map((each) => h("span", {}, icon("users"), word(presenceWord(each), { name: each.name }))),
      );
    }
  }
}

function presenceWord(person: Person): string {
  if (person.subject.startsWith("changeset:")) return "present_set";
  return person.edits ? "present_edits" : "present_looks";
}
