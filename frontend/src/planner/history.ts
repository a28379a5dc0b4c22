// The published history of a zone: each version on the map, and the way back to one.

import { L, statusSwatch, zoneRenderer, zoneStyle } from "../shared/map";
import { api, type Version } from "./api";
import { area, byId, config, h, moment, say, word } from "./dom";
import { journey, resting } from "./journey";
import { show } from "./panel";
import type { Desk } from "./desk";

interface Zone {
  id: number;
  revision: number;
}

export class History {
  private way: (() => void) | null = null;

  constructor(private readonly planner: Desk) {}

  async open(): Promise<void> {
    const zone = this.planner.open;
    if (zone) await this.openFor({ id: zone.id, revision: this.planner.form.revision }, null);
  }

  /** The history of a zone, also of one that is retired; `way`: where "back" leads, if not to it. */
  async openFor(zone: Zone, way: (() => void) | null): Promise<void> {
    const isWanted = journey();
    try {
      const { versions } = await api.versions(zone.id);
      if (!isWanted()) return;
      const items = versions.map((version, index) => this.item(zone, version, index === 0));
      byId("pl-versions").replaceChildren(...items);
      this.planner.pause();
      this.way = way;
      show("history");
    } catch (error) {
      this.planner.fail(error);
    }
  }

  /** Back to where the history was opened from; false: to the zone. */
  goBack(): boolean {
    const { way } = this;
    this.way = null;
    way?.();
    return way !== null;
  }

  private item(zone: Zone, version: Version, newest: boolean): HTMLLIElement {
    const now = version.valid_until === null;
    const span = version.valid_until
      ? word("version_span", { start: moment(version.valid_from), end: moment(version.valid_until) })
      : word("version_since", { start: moment(version.valid_from) });
    const facts = [config.statuses[version.status] ?? version.status, area(version.area_m2), version.author];
    return h(
      "li",
      { class: now ? "is-now" : "" },
      h("span", { class: "pl-swatch" }, statusSwatch(version.status) as unknown as Node),
      h(
        "div",
        {},
        h("b", {}, span),
        now ? h("span", { class: "pl-mark" }, word("version_now")) : null,
        h("small", {}, facts.filter(Boolean).join(" · ")),
        version.comment ? h("p", {}, version.comment) : null,
        h("button", { type: "button", class: "pl-link", onclick: () => this.peek(version) }, word("show")),
        newest ? null : this.rollbackButton(zone, version),
      ),
    );
  }

  private peek(version: Version): void {
    const layer = L.geoJSON(version.geometry, {
      pmIgnore: true,
      snapIgnore: true,
      interactive: false,
      style: { ...zoneStyle(version.status, { selected: true }), renderer: zoneRenderer(this.planner.map) },
    } as L.GeoJSONOptions);
    this.planner.overlay(layer);
    this.planner.map.fitBounds(layer.getBounds(), this.planner.editor.room());
  }

  /** The version becomes a draft, and what publishing it would do is shown: as of any change. */
  private rollbackButton(zone: Zone, version: Version): HTMLElement {
    const button = h("button", { type: "button", class: "pl-link" }, word("rollback"));
    button.addEventListener("click", () => {
      button.disabled = true;
      void this.rollback(zone, version).finally(() => (button.disabled = false));
    });
    return button as HTMLElement;
  }

  private async rollback(zone: Zone, version: Version): Promise<void> {
    if (!this.planner.mayLeave()) return;
    const isHere = resting();
    try {
      const { changeset_id } = await api.rollback(zone.id, version.version_id, zone.revision);
      this.planner.prefer(changeset_id);
      if (isHere()) {
        this.way = null;
        this.planner.form.touched = false;
      }
      await this.planner.reload();
      if (isHere()) await this.planner.review(changeset_id);
      say(word("rollback_drafted"));
    } catch (error) {
      this.planner.fail(error);
    }
  }
}
