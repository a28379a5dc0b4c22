// The published history of a zone: each version on the map, and the way back to one.

import { L, statusSwatch, zoneRenderer, zoneStyle } from "../shared/map";
import { api, type Version } from "./api";
import { area, byId, config, h, moment, say, word } from "./dom";
import { show } from "./panel";
import type { Planner } from "./planner";

export class History {
  constructor(private readonly planner: Planner) {}

  async open(): Promise<void> {
    const zone = this.planner.open;
    if (!zone) return;
    try {
      const { versions } = await api.versions(zone.id);
      const items = versions.map((version, index) => this.item(zone.id, version, index === 0));
      byId("pl-versions").replaceChildren(...items);
      this.planner.pause();
      show("history");
    } catch (error) {
      this.planner.fail(error);
    }
  }

  private item(zone: number, version: Version, newest: boolean): HTMLLIElement {
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
        newest || !config.mayPublish ? null : this.rollbackButton(zone, version),
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

  /** Asks once, in place: the first press shows the old outline, the second publishes it. */
  private rollbackButton(zone: number, version: Version): HTMLElement {
    const button = h("button", { type: "button", class: "pl-link" }, word("rollback"));
    button.addEventListener("click", () => {
      if (button.dataset.sure) {
        void this.rollback(zone, version);
        return;
      }
      button.dataset.sure = "1";
      button.textContent = word("rollback_sure");
      button.classList.add("is-sure");
      this.peek(version);
    });
    return button;
  }

  private async rollback(zone: number, version: Version): Promise<void> {
    try {
      await api.rollback(zone, version.version_id, this.planner.form.revision);
      say(word("rolled_back"));
      await this.planner.afterPublication();
    } catch (error) {
      this.planner.fail(error);
    }
  }
}
