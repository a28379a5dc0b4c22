// Into which change set a new draft goes: one of the person's own, or a new one.

import type { ZoneFeature } from "./api";
import { byId, h, moment, word } from "./dom";
import { review, type ChangeSet, type Target } from "./review_api";
import { titleOf } from "./review_parts";

const NEW = "new";

export class Into {
  private mine: ChangeSet[] = [];
  private busy = false;
  private readonly select = byId<HTMLSelectElement>("pl-into");
  private readonly title = byId<HTMLInputElement>("pl-into-title");

  constructor() {
    this.select.addEventListener("change", () => {
      this.showTitle();
      if (!this.title.hidden) this.title.focus();
    });
  }

  /** Ask which ones are open; what was chosen stays chosen. */
  async load(): Promise<void> {
    try {
      this.mine = (await review.list("open", null, true)).changesets;
    } catch {
      return; // the list of zones tells when the server does not answer
    }
  }

  /** Before a zone is edited: where its draft lies, or a choice. */
  offer(draft: ZoneFeature | null): void {
    const before = this.select.value;
    const lies = this.mine.find((set) => set.changeset_id === draft?.properties.changeset_id);
    const open = this.mine.filter((set) => set.state === "DRAFT").reverse();
    this.busy = open.length > 0;
    const options = (lies ? [lies] : draft ? [] : open).map((set) =>
      h("option", { value: set.changeset_id }, titleOf(set)),
    );
    if (draft && !lies) {
      const name = draft.properties.author ?? "";
      options.push(h("option", { value: draft.properties.changeset_id ?? "" }, word("into_of", { name })));
    }
    if (!draft) options.push(h("option", { value: NEW }, word(open.length ? "into_another" : "into_new")));
    this.select.replaceChildren(...options);
    if (options.some((option) => option.value === before) && before !== NEW) this.select.value = before;
    this.select.disabled = draft !== null;
    const note = byId("pl-into-note");
    note.hidden = lies?.state !== "REVIEW";
    note.textContent = note.hidden ? "" : word(lies?.publish_at ? "into_scheduled" : "into_review");
    this.title.value = "";
    this.title.placeholder = word("into_default", { at: moment(new Date().toISOString()) });
    this.showTitle();
  }

  /** What the request says about it. */
  target(): Target {
    if (!this.select.value) return {};
    if (this.select.value !== NEW) return { changeset_id: Number(this.select.value) };
    // Without a title and without another open one the server begins one, named by its zones.
    const title = this.title.value.trim() || (this.busy ? this.title.placeholder : "");
    return title ? { changeset_title: title } : {};
  }

  /** A draft of this zone's work went into that change set already: the zone itself follows it. */
  async follow(changeset: number): Promise<void> {
    if (this.select.disabled) return;
    await this.load();
    this.offer(null);
    this.select.value = String(changeset);
    this.showTitle();
  }

  private showTitle(): void {
    byId("pl-into-title-field").hidden = this.select.value !== NEW;
  }
}
