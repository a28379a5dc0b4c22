// The look at a change set before it is published: its impact, overlaps with a way out, the offers.

import { L } from "../shared/map";
import { api, type Impact, type Overlap } from "./api";
import { byId, say, word } from "./dom";
import { journey } from "./journey";
import { shownOf } from "./list";
import { Offers } from "./offers";
import { raiseSheet, show } from "./panel";
import type { Desk } from "./desk";
import { drawOverlaps, showImpact } from "./publish";
import { review, type OpenedSet } from "./review_api";
import { boundsOf } from "./shapes";

export class Reviewing {
  private readonly offers: Offers;
  /** The change set that is looked at, or was last. */
  changeset: number | null = null;

  constructor(private readonly planner: Desk) {
    this.offers = new Offers(planner);
  }

  async open(changeset: number): Promise<void> {
    const isWanted = journey();
    try {
      const [impact, set] = await Promise.all([api.impact(changeset), review.open(changeset)]);
      if (!isWanted() || !this.planner.leave()) return;
      this.changeset = changeset;
      this.show(impact, set);
    } catch (error) {
      this.planner.fail(error);
    }
  }

  private show(impact: Impact, set: OpenedSet): void {
    const { planner } = this;
    this.offers.show(set, impact);
    planner.scene.showMoves(
      impact.zones.flatMap((zone) => zone.gained_ids),
      impact.zones.flatMap((zone) => zone.lost_ids),
    );
    showImpact(impact, {
      onTrim: (overlap, zone, other) => void this.trim(overlap, zone, other),
      onOpen: (zone) => this.openForPriority(zone),
    });
    const red = drawOverlaps(impact.overlaps);
    planner.overlay(red);
    const bounds = L.latLngBounds([]);
    for (const zone of impact.zones) {
      const row = planner.row(zone.zone_id);
      if (row) bounds.extend(boundsOf(shownOf(row).geometry));
    }
    const target = impact.overlaps.length ? red.getBounds() : bounds;
    show("publish");
    raiseSheet();
    if (target.isValid()) planner.map.fitBounds(target, planner.editor.room());
  }

  private openForPriority(zone: number): void {
    this.planner.openZone(zone, undefined, this.changeset ?? undefined);
    byId("pl-priority").focus();
  }

  private async trim(overlap: Overlap, zone: number, other: number): Promise<void> {
    if (this.changeset === null) return;
    const isWanted = journey();
    try {
      const { geometry } = await api.trim(zone, other, this.changeset);
      if (!isWanted()) return;
      this.planner.openZone(zone, geometry, this.changeset);
      this.planner.overlay(drawOverlaps([overlap]));
      say(word("trimmed"));
    } catch (error) {
      this.planner.fail(error);
    }
  }
}
