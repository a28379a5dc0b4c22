// Tools that need other zones: merge with them, cut them away, step back from rivals.

import { api, type ZoneInfo } from "../api";
import { area, h, word } from "../dom";
import { myDraft, shownOf, type ZoneRow } from "../list";
import type { Target } from "../review_api";
import { geometries, toolApi, type Preview } from "./api";
import { previewLayer, type Bench, type Outcome, type Tool } from "./bench";
import { choiceField, numberField, zonesField, type ChoiceField, type NumberField, type ZonesField } from "./fields";

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
  async beforeUse(bench: Bench): Promise<void> {
    this.retired = 0;
    if (this.fate?.value() !== "retire") return;
    const { planner } = bench;
    let changeset: number | null = null;
    for (const id of this.chosen) {
      const row = planner.row(id);
      const target: Target = changeset === null ? planner.into.target() : { changeset_id: changeset };
      const saved: number | null = row ? await this.retire(row, target) : null;
      changeset = changeset ?? saved;
    }
    await planner.reload();
    if (changeset !== null) await planner.into.follow(changeset);
  }

  done(): string {
    return this.retired ? word("merge_done_retired") : word("tool_done");
  }

  /** The change set of the draft that was made; null where there was only one to put aside. */
  private async retire(row: ZoneRow, target: Target): Promise<number | null> {
    this.retired += 1;
    const draft = myDraft(row);
    if (!row.published) {
      const changeset = draft?.properties.changeset_id;
      if (changeset !== undefined) await api.discard(row.id, changeset);
      return null;
    }
    const zone: ZoneInfo = shownOf(row).properties;
    const saved = await api.save(row.id, {
      // A draft of mine that is there already stays in its change set.
      ...(draft ? {} : target),
      name: zone.name,
      network_type: zone.network_type,
      status: "RETIRED",
      priority: zone.priority,
      planned_for_date: zone.planned_for_date,
      comment: word("merge_comment"),
      geometry: row.published.geometry,
      base_revision: Math.max(zone.revision, row.published.properties.revision),
    });
    return saved.changeset_id;
  }
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
