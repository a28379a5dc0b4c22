// Two people changed one zone: both sides on the map and in a table, and a choice.

import { L, token } from "../shared/map";
import { api, type ApiError, type Difference, type DraftBody, type ZoneState } from "./api";
import { area, byId, config, day, h, say, word } from "./dom";
import { show } from "./panel";
import type { Desk } from "./desk";

export class Stale {
  private current: ZoneState | null = null;
  private body: DraftBody | null = null;

  constructor(private readonly planner: Desk) {
    byId("pl-stale-mine").addEventListener("click", () => void this.keepMine());
    byId("pl-stale-theirs").addEventListener("click", () => void this.takeTheirs());
  }

  open(error: ApiError, body: DraftBody): void {
    this.current = error.context.current as ZoneState;
    this.body = body;
    const difference = error.context.difference as Difference;
    const newest = this.current.drafts.find((draft) => !draft.properties.stale);
    const who = newest?.properties.author;
    byId("pl-stale-who").textContent = who ? word("stale_who", { name: who }) : word("stale_somebody");
    byId("pl-stale-areas").replaceChildren(
      h("li", { class: "is-mine" }, word("only_mine", { area: area(difference.only_mine_m2) })),
      h("li", { class: "is-theirs" }, word("only_theirs", { area: area(difference.only_theirs_m2) })),
    );
    byId("pl-stale-fields").replaceChildren(
      ...Object.entries(difference.fields).map(([name, [theirs, mine]]) =>
        h(
          "tr",
          {},
          h("th", { scope: "row" }, word(`field_${name}`)),
          h("td", {}, this.text(name, theirs)),
          h("td", {}, this.text(name, mine)),
        ),
      ),
    );
    this.draw(difference);
    this.planner.pause();
    show("stale");
  }

  private text(name: string, value: unknown): string {
    if (value === null || value === undefined || value === "") return word("empty");
    if (name === "status") return config.statuses[String(value)] ?? String(value);
    if (name === "planned_for_date") return day(String(value));
    return String(value);
  }

  private draw(difference: Difference): void {
    const group = L.featureGroup();
    const add = (shape: GeoJSON.Geometry, color: string): void => {
      L.geoJSON(shape, {
        pmIgnore: true,
        snapIgnore: true,
        interactive: false,
        style: { color, weight: 2, fillColor: color, fillOpacity: 0.4 },
      } as L.GeoJSONOptions).addTo(group);
    };
    add(difference.only_mine, token("--z-plan", "#4a63c9"));
    add(difference.only_theirs, token("--st-debt", "#b3261e"));
    this.planner.overlay(group);
  }

  private async keepMine(): Promise<void> {
    if (!this.current || !this.body) return;
    this.planner.form.revision = this.current.revision;
    this.planner.toEdit();
    await this.planner.save(this.body);
  }

  private async takeTheirs(): Promise<void> {
    if (!this.current) return;
    const id = this.current.zone_id;
    const newest = this.current.drafts.find((draft) => !draft.properties.stale);
    try {
      const fresh = await api.zone(id);
      this.planner.form.touched = false;
      await this.planner.reload();
      this.planner.toEdit();
      this.planner.form.touched = false;
      this.planner.openZone(id, (newest?.geometry ?? fresh.published?.geometry) as GeoJSON.MultiPolygon);
    } catch (error) {
      this.planner.fail(error);
      say(word("failed"), "error");
    }
  }
}
