// Publishing offers: now, at a planned moment, and what becomes of existing clients; or first the
// hand-over to a second person. Rules that the publication breaks are told here.

import { ApiError, type Impact } from "./api";
import { reviewWord } from "./changesets";
import { byId, config, counted, h, icon, moment, say, word } from "./dom";
import { Existing } from "./existing";
import type { Desk } from "./desk";
import { resting } from "./journey";
import { review, type OpenedSet } from "./review_api";
import { kyivWall, stateMark, titleOf } from "./review_parts";

const LISTED = 6;
/** Where the fault of a field is told. */
const FAULTS: Record<string, string> = {
  publish_at: "pl-when-error",
  move_on: "pl-move-error",
  existing: "pl-move-error",
};

export class Offers {
  private set: OpenedSet | null = null;
  private impact: Impact | null = null;
  private readonly form = byId<HTMLFormElement>("pl-offers");
  private readonly button = byId<HTMLButtonElement>("pl-publish");
  private readonly later = byId<HTMLInputElement>("pl-later");
  private readonly when = byId<HTMLInputElement>("pl-when");
  private readonly existing = new Existing();

  constructor(private readonly planner: Desk) {
    this.form.addEventListener("change", (event) => {
      this.arrange();
      if (event.target instanceof HTMLInputElement && event.target.id === "pl-move-on") void this.askAgain();
    });
    this.form.addEventListener("submit", (event) => event.preventDefault());
    this.button.addEventListener("click", () => void this.go());
    byId("pl-publish-open").addEventListener("click", () => {
      if (this.set) void this.planner.sets.open(this.set.changeset_id);
    });
  }

  private turn = 0; // counts questions and publications, so that the last one is heard

  /** Fill in the view of the impact for this change set. */
  show(set: OpenedSet, impact: Impact): void {
    this.set = set;
    this.impact = impact;
    byId("pl-publish-title").textContent = titleOf(set);
    byId("pl-publish-facts").replaceChildren(stateMark(set), h("small", {}, set.author));
    byId("pl-breaches").replaceChildren(...this.breaches(impact));
    this.form.reset();
    const soon = new Date(Date.now() + 3_600_000);
    const midnight = kyivWall(new Date(Date.now() + 86_400_000)).slice(0, 10);
    this.when.value = set.publish_at ? kyivWall(new Date(set.publish_at)) : `${midnight}T06:00`;
    this.when.min = kyivWall(new Date());
    this.when.max = kyivWall(new Date(soon.getTime() + 364 * 86_400_000));
    if (set.publish_at) this.later.checked = true;
    this.existing.show(set, impact, midnight);
    this.arrange();
  }

  // --- what it breaks -------------------------------------------------------------------------

  private breaches(impact: Impact): HTMLElement[] {
    return (impact.invariants ?? []).map((breach) => {
      const more = breach.count - Math.min(breach.texts.length, LISTED);
      return h(
        "div",
        { class: `pl-breach${breach.blocks ? " is-block" : ""}` },
        h(
          "p",
          {},
          icon("alert"),
          h(
            "span",
            {},
            h("b", {}, breach.title),
            h("span", { class: "pl-state" }, word(breach.blocks ? "breach_blocks" : "breach_warns")),
          ),
        ),
        h(
          "ul",
          {},
          ...breach.texts.slice(0, LISTED).map((text) => h("li", {}, text)),
          more > 0 ? h("li", {}, counted("more", more)) : null,
        ),
      );
    });
  }

  // --- what the button does --------------------------------------------------------------------

  private get handsOver(): boolean {
    return Boolean(this.set?.need_review && this.set.state === "DRAFT");
  }

  private get waits(): boolean {
    const set = this.set;
    return Boolean(set?.need_review && set.state === "REVIEW" && !set.approved_at && set.drawn_by_me);
  }

  private arrange(): void {
    byId("pl-when-error").textContent = "";
    const { impact, set } = this;
    if (!impact || !set) return;
    const later = this.later.checked;
    this.when.disabled = !later;
    this.when.hidden = !later;
    this.existing.arrange();
    this.form.hidden = this.handsOver || this.waits || !config.mayPublish;
    const action = this.handsOver ? "hand_over" : later ? "publish_later" : "publish_now";
    this.button.textContent = word(action);
    const possible = impact.can_publish || (later && onlyOverlaps(impact));
    const permitted = config.mayPublish || this.handsOver;
    this.button.disabled = !possible || this.waits || !permitted;
    const why = !possible
      ? word("publish_blocked")
      : config.mayPublish || set.need_review
        ? reviewWord(set)
        : word("publish_not_permitted");
    byId("pl-publish-why").textContent = why;
  }

  private async go(): Promise<void> {
    const { set } = this;
    if (!set) return;
    this.turn += 1;
    this.button.disabled = true;
    const id = set.changeset_id;
    const isHere = resting(); // who has gone elsewhere meanwhile stays there, with what is drawn
    try {
      if (this.handsOver) {
        await review.submit(id, "");
        say(word("did_submit"));
        await this.planner.reload();
        if (isHere()) await this.planner.sets.open(id);
      } else if (this.later.checked) {
        const done = await review.schedule(id, this.when.value, this.existing.terms);
        say(word("did_schedule", { at: moment(done.publish_at ?? "") }));
        await this.planner.reload();
        if (isHere()) await this.planner.sets.open(id);
      } else {
        await review.publish(id, this.existing.terms, set.submitted_at);
        say(word("published"));
        await this.planner.afterPublication(isHere());
      }
    } catch (error) {
      if (!isHere()) {
        this.planner.fail(error);
        return;
      }
      const beside = error instanceof ApiError ? FAULTS[error.field] : undefined;
      if (beside && error instanceof Error) {
        this.arrange(); // what was chosen stays, to be corrected
        byId(beside).textContent = error.message;
        if (byId(beside).offsetParent === null) this.planner.fail(error);
      } else {
        this.planner.fail(error);
        await this.planner.review(id);
      }
    }
  }

  private async askAgain(): Promise<void> {
    const fault = byId("pl-move-error");
    const turn = ++this.turn;
    try {
      await this.existing.ask();
      // What was asked before the button was pressed must not wipe away what the button brought.
      if (turn === this.turn) fault.textContent = "";
    } catch (error) {
      if (turn === this.turn) fault.textContent = error instanceof ApiError ? error.message : word("failed");
    }
  }
}

/** Overlaps are decided at the planned moment: another plan may settle them before. */
function onlyOverlaps(impact: Impact): boolean {
  return impact.refusals.length === 0 && impact.overlaps.length > 0;
}
