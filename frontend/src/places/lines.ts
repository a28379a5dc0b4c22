// Lines of the streets in view: without a base map they are what a planner finds his way by.

import { L } from "../shared/map";
import { call } from "../planner/api";

const MIN_ZOOM = 14.5;

export function startStreetLines(map: L.Map): void {
  const pane = map.createPane("streets");
  pane.style.zIndex = "340";
  pane.style.pointerEvents = "none";
  const lines = L.geoJSON(undefined, {
    pane: "streets",
    interactive: false,
    style: { color: "#fff", weight: 7, opacity: 0.9, lineCap: "round" },
  }).addTo(map);
  let loading: AbortController | null = null;
  let shown: L.LatLngBounds | null = null;
  const load = async (): Promise<void> => {
    if (map.getZoom() < MIN_ZOOM) {
      lines.clearLayers();
      shown = null;
      return;
    }
    const view = map.getBounds();
    if (shown?.contains(view)) return;
    const wanted = view.pad(0.3);
    loading?.abort();
    loading = new AbortController();
    try {
      const path = `streets/?bbox=${wanted.toBBoxString()}`;
      const found = await call<GeoJSON.FeatureCollection>("GET", path, undefined, loading.signal);
      lines.clearLayers();
      lines.addData(found);
      shown = wanted;
    } catch (error) {
      // A map without lines still serves; the next move asks again.
      if (!(error instanceof Error)) throw error;
    }
  };
  map.on("moveend", () => void load());
  void load();
}
