// Drafts of other zones that a tool makes or gives up on the way: undone and done again with the
// step of the outline they belong to.

import { api, type DraftBody, type ZoneFeature } from "../api";
import { say } from "../dom";
import type { Beside } from "../editor";
import type { Desk } from "../desk";
import type { Target } from "../review_api";

/** What a draft says, as it is sent. */
export function bodyOf({ geometry, properties: zone }: ZoneFeature): DraftBody {
  return {
    name: zone.name,
    network_type: zone.network_type,
    status: zone.status,
    priority: zone.priority,
    planned_for_date: zone.planned_for_date,
    comment: zone.comment,
    geometry,
  };
}

/** My draft of one other zone, wherever it lies now. */
export class OtherDraft {
  constructor(
    readonly zone: number,
    private revision: number,
    private changeset: number | null,
  ) {}

  get liesIn(): number | null {
    return this.changeset;
  }

  /** Save it like this; null: give it up. Raises ApiError. */
  async put(body: DraftBody | null, target: Target = {}): Promise<void> {
    if (body === null) {
      if (this.changeset !== null) await api.discard(this.zone, this.changeset);
      return;
    }
    const where = this.changeset === null ? target : { changeset_id: this.changeset };
    const saved = await api.save(this.zone, { ...body, ...where, base_revision: this.revision });
    this.revision = saved.revision;
    this.changeset = saved.changeset_id;
  }
}

/** A draft before and after the step; null where there was none, or is none any more. */
export interface Change {
  draft: OtherDraft;
  before: DraftBody | null;
  after: DraftBody | null;
}

/** Both ways for all of them; a refusal is told, and what could be done stays done. */
export function besideOf(planner: Desk, changes: Change[], words: { undone: string; redone: string }): Beside {
  const put = async (which: "before" | "after", done: string): Promise<void> => {
    try {
      for (const change of changes) await change.draft.put(change[which]);
      say(done);
    } catch (error) {
      planner.fail(error);
    }
    await planner.reload();
  };
  return { undo: () => put("before", words.undone), redo: () => put("after", words.redone) };
}
