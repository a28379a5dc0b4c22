// Tools that need other zones: merge with them, cut them away, step back from rivals.

import { area, h, word } from "../dom";
import { myDraft, shownOf, type ZoneRow } from "../list";
import type { Beside } from "../editor";
import { geometries, toolApi, type Preview } from "./api";
import { previewLayer, type Bench, type Outcome, type Tool } from "./bench";
import { choiceField, numberField, zonesField, type ChoiceField, type NumberField, type ZonesField } from "./fields";
import { besideOf, bodyOf, OtherDraft, type Change } from "./others";

/** Zones beside the open one whose outline the server knows: published, or in the same drafts. */
function others(bench: Bench): ZoneRow[] {
  const changeset = bench.planner.workingChangeset;
  return bench.planner.zoneRows.filter(
    (row) =>
      row.id !== bench.planner.open?.id &&
      (row.published || row.drafts.some((each) => each.properties.changeset_id === changeset)),
  );
}

abstract class WithZones implements Tool {
  abstract readonly name: string;
  abstract readonly needsOutline: boolean;
  protected zones: ZonesField | null = null;

  abstract ask(bench: Bench, signal: AbortSignal): Promise<Outcome | null>;

  inputs(bench: Bench): HTMLElement[] {
    this.zones = zonesField(others(bench), () => bench.changed());
    bench.planner.zonePicker = (id) => this.zones?.toggle(id);
    return [this.zones.element];
  }

  close(bench: Bench): void {
    bench.planner.zonePicker = null;
  }

  protected get chosen(): number[] {
    return [...(this.zones?.chosen ?? [])];
  }
}

export class Merge extends WithZones {
  readonly name = "merge";
  readonly needsOutline = false;
  private gap: NumberField | null = null;
  private fate: ChoiceField | null = null;
  private retired = 0;

  override inputs(bench: Bench): HTMLElement[] {
    const again = (): void => bench.changed();
    this.gap = numberField(word("merge_gap"), word("m"), 0, { min: 0, max: 100, step: 1 }, again);
    this.fate = choiceField(
      word("merge_fate"),
      [
        ["retire", word("merge_retire")],
        ["keep", word("merge_keep")],
      ],
      null,
      again,
    );
    return [...super.inputs(bench), this.gap.element, this.fate.element];
  }

  async ask(bench: Bench, signal: AbortSignal): Promise<Outcome | null> {
    if (!this.chosen.length) return null;
    const preview = await toolApi.merge(
      {
        ...bench.context,
        geometries: geometries(bench.outline),
        zone_ids: this.chosen,
        gap_m: this.gap?.value() || 0,
      },
      signal,
    );
    const decided = this.fate?.value() ?? "";
    const note = decided ? (decided === "keep" ? word("merge_keep_note") : "") : word("merge_decide");
    return { shape: decided ? preview.geometry : null, shown: preview, notes: note ? [note] : [] };
  }

  /** Drafts that end the other zones; what was never published is only put aside. */
  async beforeUse(bench: Bench): Promise<Beside | undefined> {
    this.retired = 0;
    if (this.fate?.value() !== "retire") return undefined;
    const { planner } = bench;
    const changes: Change[] = [];
    let target = planner.into.target();
    for (const id of this.chosen) {
      const row = planner.row(id);
      const change = row ? ending(row) : null;
      if (!change) continue;
      await change.draft.put(change.after, target);
      if (change.after && change.draft.liesIn !== null) target = { changeset_id: change.draft.liesIn };
      changes.push(change);
    }
    this.retired = changes.length;
    await planner.reload();
    if (target.changeset_id !== undefined) await planner.into.follow(target.changeset_id);
    if (!changes.length) return undefined;
    return besideOf(planner, changes, {
      undone: word("merge_undone"),
      redone: word("merge_done_retired"),
    });
  }

  done(): string {
    return this.retired ? word("merge_done_retired") : word("tool_done");
  }
}

/** How a zone ends with the same publication; null when its only draft is somebody else's. */
function ending(row: ZoneRow): Change | null {
  const mine = myDraft(row);
  const before = mine ? bodyOf(mine) : null;
  const lies = mine?.properties.changeset_id ?? null;
  const revision = Math.max(mine?.properties.revision ?? 0, row.published?.properties.revision ?? 0);
  const draft = new OtherDraft(row.id, revision, lies);
  if (!row.published) return before ? { draft, before, after: null } : null;
  const after = {
    ...bodyOf(shownOf(row)),
    status: "RETIRED",
    comment: word("merge_comment"),
    geometry: row.published.geometry,
  };
  return { draft, before, after };
}

export class Subtract extends WithZones {
  readonly name = "subtract";
  readonly needsOutline = true;

  async ask(bench: Bench, signal: AbortSignal): Promise<Outcome | null> {
    if (!this.chosen.length) return null;
    const body = { ...bench.context, geometry: bench.outline, zone_ids: this.chosen };
    return shrunk(bench, await toolApi.subtract(body, signal), signal);
  }
}

export class Trim implements Tool {
  readonly name = "trim";
  readonly needsOutline = true;

  inputs(bench: Bench): HTMLElement[] {
    const { network_type, priority } = bench.planner.form.body();
    return [h("p", { class: "pl-fact" }, word("trim_whom", { network: network_type, priority }))];
  }

  async ask(bench: Bench, signal: AbortSignal): Promise<Outcome | null> {
    const { priority } = bench.planner.form.body();
    const body = { ...bench.context, geometry: bench.outline, rivals: true, priority };
    return shrunk(bench, await toolApi.subtract(body, signal), signal);
  }
}

/** What an outline becomes when something is cut away, and how much that is. */
async function shrunk(bench: Bench, preview: Preview, signal: AbortSignal): Promise<Outcome> {
  const body = { ...bench.context, geometry: bench.outline };
  const before = await toolApi.figures(body, signal);
  const gone = (before.area_m2 ?? 0) - (preview.area_m2 ?? 0);
  if (gone < 0.5) {
    return { shape: null, shown: null, layers: [], notes: [word("nothing_shared")] };
  }
  return {
    shape: preview.geometry,
    shown: preview,
    layers: [previewLayer(preview.geometry)],
    notes: [word("cut_away", { area: area(gone) })],
  };
}
