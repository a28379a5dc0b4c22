// Lines of streets under the drawing: to snap to, and to choose for a tool.

import { L, token } from "../../shared/map";
import { ApiError } from "../api";
import { toolApi, type StreetProperties } from "./api";

const MIN_ZOOM = 14;
const LOAD_DELAY_MS = 200;

export class Streets {
  private readonly layer: L.GeoJSON<StreetProperties>;
  private readonly marked = new Set<number>();
  private loaded: L.LatLngBounds | null = null;
  private running: AbortController | null = null;
  private timer = 0;
  private on = false;
  onPick: ((id: number, label: string) => void) | null = null;

  constructor(private readonly map: L.Map) {
    // Over the zones, whose fills would take the clicks.
    const pane = map.createPane("streets");
    pane.style.zIndex = "420";
    const renderer = L.svg({ pane: "streets" });
    this.layer = L.geoJSON<StreetProperties>(undefined, {
      pane: "streets",
      pmIgnore: true,
      snapIgnore: false,
      style: (feature?: GeoJSON.Feature<GeoJSON.Geometry, StreetProperties>) => ({
        ...this.styleOf(feature?.properties.id),
        renderer,
      }),
      onEachFeature: (feature: GeoJSON.Feature<GeoJSON.Geometry, StreetProperties>, line: L.Layer) => {
        line.bindTooltip(feature.properties.label, { sticky: true, className: "pl-tip" });
        line.on("click", (event) => {
          if (!this.onPick) return;
          L.DomEvent.stopPropagation(event);
          this.onPick(feature.properties.id, feature.properties.label);
        });
      },
    } as L.GeoJSONOptions<StreetProperties>);
    map.on("moveend", () => this.schedule());
  }

  /** Streets are there while an outline is open, and only then. */
  show(on: boolean): void {
    if (on === this.on) return;
    this.on = on;
    this.onPick = null;
    this.mark([]);
    if (on) {
      this.layer.addTo(this.map);
      this.schedule();
    } else {
      this.layer.remove();
      this.running?.abort();
    }
  }

  /** Streets that were chosen stand out. */
  mark(ids: Iterable<number>): void {
    this.marked.clear();
    for (const id of ids) this.marked.add(id);
    this.layer.setStyle((feature) => this.styleOf((feature?.properties as StreetProperties).id));
  }

  private styleOf(id: number | undefined): L.PathOptions {
    const chosen = id !== undefined && this.marked.has(id);
    return chosen
      ? { color: token("--brand", "#0b6b61"), weight: 6, opacity: 0.95 }
      : { color: "#7d7468", weight: 2.5, opacity: 0.55 };
  }

  private schedule(): void {
    window.clearTimeout(this.timer);
    if (this.on) this.timer = window.setTimeout(() => void this.load(), LOAD_DELAY_MS);
  }

  private async load(): Promise<void> {
    if (this.map.getZoom() < MIN_ZOOM) {
      this.layer.clearLayers();
      this.loaded = null;
      return;
    }
    const seen = this.map.getBounds();
    if (this.loaded?.contains(seen)) return;
    const wanted = seen.pad(0.2);
    this.running?.abort();
    this.running = new AbortController();
    try {
      const found = await toolApi.streets(wanted.toBBoxString(), this.running.signal);
      this.layer.clearLayers();
      this.layer.addData(found);
      this.loaded = wanted;
    } catch (error) {
      // Without street lines one can still draw: the next move of the map asks again.
      const given = error instanceof DOMException && error.name === "AbortError";
      if (!given && !(error instanceof ApiError)) throw error;
    }
  }
}
