// Clients who are connected already: they stay on their terms, or move to the new ones from a day.

import type { Impact } from "./api";
import { byId, counted, h, number, word } from "./dom";
import { review, type OpenedSet, type Terms } from "./review_api";

type Known = NonNullable<Impact["existing"]>;

export class Existing {
  private id = 0;
  private known: Known | null = null;
  private readonly box = byId("pl-existing");
  private readonly day = byId<HTMLInputElement>("pl-move-on");

  /** Show what is known; without it (nobody who sells is asked) there is nothing to choose. */
  show(set: OpenedSet, impact: Impact, first: string): void {
    this.id = set.changeset_id;
    this.day.min = first;
    this.day.value = set.move_on ?? impact.existing?.move_on ?? first;
    this.tell(impact.existing ?? null);
    if (set.existing === "MOVE") this.radio("MOVE").checked = true;
    byId("pl-move-error").textContent = "";
  }

  /** Another day may mean other prices; raises ApiError. */
  async ask(): Promise<void> {
    if (this.moves && this.day.value) this.tell((await review.impact(this.id, this.day.value)).existing ?? null);
  }

  arrange(): void {
    this.day.disabled = !this.moves;
    byId("pl-move-day").hidden = !this.moves;
  }

  get terms(): Terms {
    if (this.box.hidden) return {};
    return this.moves ? { existing: "MOVE", move_on: this.day.value || null } : { existing: "KEEP" };
  }

  private get moves(): boolean {
    return !this.box.hidden && this.radio("MOVE").checked;
  }

  private radio(value: string): HTMLInputElement {
    const found = this.box.querySelector<HTMLInputElement>(`[name="existing"][value="${value}"]`);
    if (!found) throw new Error(`no choice ${value}`);
    return found;
  }

  private tell(known: Known | null): void {
    this.known = known;
    this.box.hidden = !known || known.services + known.not_sold === 0;
    if (!this.known || this.box.hidden) return;
    const { services, dearer, cheaper, not_sold, examples } = this.known;
    const facts = [
      services ? counted("services", services) : "",
      services
        ? word("existing_monthly", {
            before: money(this.known.monthly_before_kopecks),
            after: money(this.known.monthly_after_kopecks),
          })
        : "",
      dearer ? counted("dearer", dearer) : "",
      cheaper ? counted("cheaper", cheaper) : "",
      not_sold ? counted("not_sold", not_sold) : "",
    ];
    byId("pl-existing-facts").replaceChildren(...facts.filter(Boolean).map((text) => h("li", {}, text)));
    const list = byId("pl-existing-examples");
    list.hidden = examples.length === 0;
    byId("pl-existing-rows").replaceChildren(
      ...examples.map((each) =>
        h(
          "tr",
          {},
          h("td", {}, h("b", {}, each.contract), h("small", {}, [each.address, each.tariff].filter(Boolean).join(" · "))),
          h("td", {}, money(each.old_kopecks)),
          h("td", {}, each.new_kopecks === null ? "—" : money(each.new_kopecks)),
        ),
      ),
    );
  }
}

function money(kopecks: number): string {
  return `${number(kopecks / 100, 2)} ₴`;
}
