// What lies on the map beside the outline that is drawn: zones, drafts, buildings and what stands out.

import { answerColor, BuildingLayer, type BuildingProperties } from "../shared/buildings";
import { L, statusColor, token, zoneRenderer, zoneStyle } from "../shared/map";
import type { ZoneFeature } from "./api";
import { config, word } from "./dom";
import type { ZoneRow } from "./list";

const PLAIN = "#a9a195";

export class Scene {
  readonly buildings: BuildingLayer;
  private readonly zones = L.featureGroup();
  private readonly over = L.featureGroup();
  private readonly chosen = new Set<number>();
  private inside = new Set<number>();
  private gained = new Set<number>();
  private lost = new Set<number>();
  private dimmed = new Set<number>();
  private past = false;
  onZone: (zone: number, event: L.LeafletMouseEvent) => void = () => undefined;

  constructor(private readonly map: L.Map) {
    this.zones.addTo(map);
    this.over.addTo(map);
    this.buildings = new BuildingLayer(map, {
      url: config.buildingsUrl,
      interactive: false,
      colorOf: (building) => this.colorOf(building),
    });
  }

  /** Where all zones lie; not valid while there are none. */
  get bounds(): L.LatLngBounds {
    return this.zones.getBounds();
  }

  /** All zones and drafts; of the open one only what is published, under the outline. */
  draw(rows: ZoneRow[], open: ZoneRow | null): void {
    this.zones.clearLayers();
    const renderer = zoneRenderer(this.map);
    for (const row of rows) {
      if (row.id === open?.id || this.dimmed.has(row.id)) continue;
      if (row.published) this.zones.addLayer(this.layerOf(row.published, renderer));
      for (const draft of row.drafts) this.zones.addLayer(this.layerOf(draft, renderer));
    }
    if (open?.published) this.zones.addLayer(this.layerOf(open.published, renderer, false));
  }

  overlay(layer: L.Layer | null): void {
    this.over.clearLayers();
    if (layer) this.over.addLayer(layer);
  }

  /** These zones are drawn by a view of its own; they come back with the next `clear`. */
  dim(zones: Set<number>): void {
    this.dimmed = zones;
  }

  /** Buildings that were chosen for a tool stand out. */
  highlight(ids: Iterable<number>): void {
    this.chosen.clear();
    for (const id of ids) this.chosen.add(id);
    this.buildings.restyle();
  }

  /** Buildings inside the outline that is drawn. */
  showInside(ids: number[]): void {
    this.inside = new Set(ids);
    this.buildings.restyle();
  }

  /** Buildings that a publication would gain and lose. */
  showMoves(gained: number[], lost: number[]): void {
    this.gained = new Set(gained);
    this.lost = new Set(lost);
    this.buildings.restyle();
  }

  /** Nothing stands out any more. */
  clear(): void {
    this.overlay(null);
    this.dimmed = new Set();
    this.inside.clear();
    this.gained.clear();
    this.lost.clear();
    this.buildings.restyle();
  }

  /** Buildings as of that moment, by their answers, and no present zones; null: as they are now. */
  asOf(at: string | null): void {
    this.past = at !== null;
    this.buildings.showFrom(config.buildingsUrl + (at ? `?at=${encodeURIComponent(at)}` : ""));
    if (at) this.zones.remove();
    else this.zones.addTo(this.map);
    this.buildings.restyle();
  }

  private layerOf(feature: ZoneFeature, renderer: L.SVG, opens = true): L.GeoJSON {
    const { status, name, zone_id, kind } = feature.properties;
    const draft = kind === "draft";
    const style = draft
      ? { ...zoneStyle("DRAFT", { draft: true }), color: statusColor("DRAFT") }
      : zoneStyle(status);
    const layer = L.geoJSON(feature, { interactive: opens, style: { ...style, renderer } } as L.GeoJSONOptions);
    if (opens) {
      layer.on("click", (event: L.LeafletMouseEvent) => this.onZone(zone_id, event));
      const label = draft ? `${name} · ${word("draft")}` : name;
      layer.bindTooltip(label, { sticky: true, className: "pl-tip" });
    }
    return layer;
  }

  private colorOf(building: BuildingProperties): string {
    if (this.past) return answerColor(building);
    if (this.chosen.has(building.id)) return token("--accent", "#f4a65a");
    if (this.gained.has(building.id)) return token("--st-online", "#1d7f45");
    if (this.lost.has(building.id)) return token("--st-debt", "#b3261e");
    return this.inside.has(building.id) ? statusColor("DRAFT") : PLAIN;
  }
}
