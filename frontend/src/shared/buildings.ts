// Buildings of a map: footprints in view, coloured by what can be had in them.

import { L, statusColor, token, type ZoneStatus } from "./map";

export type Answer = "AVAILABLE" | "PLANNED" | "SUSPENDED" | "NEEDS_SURVEY" | "NO_COVERAGE";

const SEAM_ZOOM = 15.5;
const REACH_PX = 9;

export interface BuildingProperties {
  id: number;
  label: string;
  answer: Answer | null;
  [key: string]: unknown;
}

const ANSWER_STATUS: Record<Answer, ZoneStatus | null> = {
  AVAILABLE: "IN_SERVICE",
  PLANNED: "PLANNED",
  SUSPENDED: "SUSPENDED",
  NEEDS_SURVEY: null,
  NO_COVERAGE: null,
};

/** Whether a point lies inside an outline; holes are outside (even-odd rule). */
function covers(shape: GeoJSON.Geometry, place: L.LatLng): boolean {
  const parts =
    shape.type === "Polygon" ? [shape.coordinates] : shape.type === "MultiPolygon" ? shape.coordinates : [];
  return parts.some((rings) => {
    let inside = false;
    for (const ring of rings) {
      for (let i = 0, j = ring.length - 1; i < ring.length; j = i, i += 1) {
        const [x1 = 0, y1 = 0] = ring[i] ?? [];
        const [x2 = 0, y2 = 0] = ring[j] ?? [];
        const crosses = y1 > place.lat !== y2 > place.lat;
        if (crosses && place.lng < ((x2 - x1) * (place.lat - y1)) / (y2 - y1) + x1) inside = !inside;
      }
    }
    return inside;
  });
}

export interface BuildingLayerOptions {
  url?: string;
  minZoom?: number;
  limit?: number;
  colorOf?: (properties: BuildingProperties) => string;
  onClick?: (properties: BuildingProperties, event: L.LeafletMouseEvent) => void;
  onLoad?: (count: number) => void;
  interactive?: boolean;
}

/** The colour of a building by its best answer. */
export function answerColor(properties: BuildingProperties): string {
  const status = properties.answer ? ANSWER_STATUS[properties.answer] : null;
  return status ? statusColor(status) : token("--z-none", "#b9b0a2");
}

/**
 * Footprints of the buildings in view, loaded by bounding box (GET url?bbox=west,south,east,north)
 * and drawn on one canvas. A building without a footprint is a small circle.
 */
export class BuildingLayer {
  private readonly layer: L.GeoJSON;
  private readonly renderer: L.Canvas;
  private loading: AbortController | null = null;
  private timer = 0;
  private loadedBounds: L.LatLngBounds | null = null;

  constructor(
    private readonly map: L.Map,
    private readonly options: BuildingLayerOptions = {},
  ) {
    // Its own pane below the zones, or a canvas over them would swallow their clicks.
    if (!map.getPane("buildings")) {
      const pane = map.createPane("buildings");
      pane.style.zIndex = options.onClick ? "450" : "350";
    }
    this.renderer = L.canvas({ pane: "buildings", padding: 0.3 });
    this.layer = L.geoJSON(undefined, {
      pane: "buildings",
      // Geoman (the planner's editor) neither edits these nor snaps to thousands of corners.
      pmIgnore: true,
      snapIgnore: true,
      interactive: options.interactive ?? Boolean(options.onClick),
      style: this.style,
      pointToLayer: (_feature, latlng) =>
        L.circleMarker(latlng, {
          renderer: this.renderer,
          radius: 4,
          pane: "buildings",
          pmIgnore: true,
        } as L.CircleMarkerOptions),
      onEachFeature: (feature, layer) => {
        const { onClick } = options;
        if (onClick) {
          layer.on("click", (event) => onClick(feature.properties as BuildingProperties, event));
        }
      },
    } as L.GeoJSONOptions).addTo(map);
    map.on("moveend", this.schedule, this);
    map.on("zoomend", this.restyle, this);
    this.schedule();
  }

  private readonly style = (feature?: GeoJSON.Feature): L.PathOptions => ({
    renderer: this.renderer,
    // A white seam keeps neighbours apart, but far off it would cover small houses.
    stroke: this.map.getZoom() >= SEAM_ZOOM,
    weight: 0.6,
    color: "#ffffff",
    fillColor: (this.options.colorOf ?? answerColor)(feature?.properties as BuildingProperties),
    fillOpacity: 0.72,
  });

  /** Ask `colorOf` again, e.g. after other buildings are to stand out. */
  restyle(): void {
    this.layer.setStyle(this.style as L.StyleFunction);
  }

  /** Fetch again, e.g. after a publication changed the answers. */
  reload(): void {
    this.loadedBounds = null;
    this.schedule();
  }

  /** Fetch from another address from now on, e.g. as of another day. */
  showFrom(url: string): void {
    if (this.options.url === url) return;
    this.options.url = url;
    this.reload();
  }

  /** The building under a place of the map: its outline, or its small circle. */
  at(place: L.LatLng): BuildingProperties | null {
    let found: BuildingProperties | null = null;
    const point = this.map.latLngToContainerPoint(place);
    this.layer.eachLayer((layer) => {
      const feature = (layer as L.GeoJSON).feature as GeoJSON.Feature | undefined;
      if (found || !feature) return;
      const hit =
        layer instanceof L.CircleMarker
          ? this.map.latLngToContainerPoint(layer.getLatLng()).distanceTo(point) <= REACH_PX
          : covers(feature.geometry, place);
      if (hit) found = feature.properties as BuildingProperties;
    });
    return found;
  }

  remove(): void {
    this.map.off("moveend", this.schedule, this);
    this.map.off("zoomend", this.restyle, this);
    this.loading?.abort();
    this.layer.remove();
  }

  private schedule(): void {
    window.clearTimeout(this.timer);
    const holder = this.map.getContainer();
    holder.setAttribute("aria-busy", "true");
    const done = (): void => {
      if (!this.loading) holder.setAttribute("aria-busy", "false");
    };
    this.timer = window.setTimeout(() => void this.load().finally(done), 120);
  }

  private async load(): Promise<void> {
    if (this.map.getZoom() < (this.options.minZoom ?? 13.5)) {
      this.layer.clearLayers();
      this.loadedBounds = null;
      return;
    }
    const view = this.map.getBounds();
    if (this.loadedBounds?.contains(view)) return;
    const wanted = view.pad(0.25);
    this.loading?.abort();
    const loading = (this.loading = new AbortController());
    const url = new URL(this.options.url ?? "/api/v1/buildings/", location.href);
    url.searchParams.set("bbox", wanted.toBBoxString());
    if (this.options.limit) url.searchParams.set("limit", String(this.options.limit));
    try {
      const answer = await fetch(url, {
        signal: loading.signal,
        headers: { Accept: "application/json" },
      });
      if (!answer.ok) return;
      const data = (await answer.json()) as GeoJSON.FeatureCollection;
      this.layer.clearLayers();
      this.layer.addData(data);
      this.loadedBounds = wanted;
      this.options.onLoad?.(data.features.length);
    } catch (error) {
      if (!(error instanceof DOMException && error.name === "AbortError")) throw error;
    } finally {
      if (this.loading === loading) this.loading = null;
    }
  }
}
