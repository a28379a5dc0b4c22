// The operator's map and the small maps of cards.

import htmx from "htmx.org";
import { startPlaceMap } from "./place";
import { startPlantMap } from "./plant";
import { startPriceMap } from "./prices";
import { BuildingLayer } from "../shared/buildings";
import { createMap, L, zoneLayer, type ZoneProperties } from "../shared/map";
import { startSessionsMap } from "./sessions_map";

const CLOSE_ZOOM = 17;

async function addZones(map: L.Map): Promise<void> {
  const answer = await fetch("/api/v1/coverage/zones/", { headers: { Accept: "application/json" } });
  if (!answer.ok) return;
  const zones = (await answer.json()) as GeoJSON.FeatureCollection<GeoJSON.Geometry, ZoneProperties>;
  zoneLayer(map, zones, { interactive: false }).addTo(map);
}

/** The ring around the building whose card is open. */
class Chosen {
  private ring: L.CircleMarker | null = null;

  constructor(private readonly map: L.Map) {}

  show(move: boolean): void {
    const card = document.querySelector<HTMLElement>(".ws-building");
    this.ring?.remove();
    this.ring = null;
    if (!card) return;
    const at = L.latLng(Number(card.dataset.lat), Number(card.dataset.lon));
    this.ring = L.circleMarker(at, {
      radius: 16,
      weight: 4,
      color: "#f4a65a",
      fillOpacity: 0,
      interactive: false,
    }).addTo(this.map);
    if (move && !this.map.getBounds().pad(-0.15).contains(at)) {
      this.map.setView(at, Math.max(this.map.getZoom(), CLOSE_ZOOM));
    }
  }
}

function startOperatorMap(element: HTMLElement): void {
  const map = createMap(element);
  const chosen = new Chosen(map);
  const cards = element.dataset.cardUrl ?? "";
  void addZones(map);
  new BuildingLayer(map, {
    onClick: (building) => {
      const url = `${cards}${building.id}/`;
      history.pushState({}, "", url);
      void htmx.ajax("get", url, { target: "#ws-building", swap: "innerHTML" });
    },
  });
  chosen.show(false);
  document.addEventListener("htmx:afterSettle", (event) => {
    if ((event.target as HTMLElement).id !== "ws-building") return;
    chosen.show(true);
    document.querySelector(".ws-mapside")?.scrollTo({ top: 0 });
  });
  window.addEventListener("popstate", () => window.location.reload());
}

interface ZoneVersion {
  version_id: number;
  zone_id: number;
  status: ZoneProperties["status"];
  geometry: GeoJSON.Geometry;
}

/** The outline that a zone had in one version, whatever it is now; the map shows all of it. */
async function addZoneVersion(map: L.Map, zone: string, version: string): Promise<void> {
  const url = `/api/v1/coverage/zones/${encodeURIComponent(zone)}/versions/`;
  const answer = await fetch(url, { headers: { Accept: "application/json" } });
  if (!answer.ok) return;
  const { versions } = (await answer.json()) as { versions: ZoneVersion[] };
  const found = versions.find((one) => String(one.version_id) === version);
  if (!found) return;
  const properties: ZoneProperties = { zone_id: found.zone_id, name: "", status: found.status };
  const feature = { type: "Feature" as const, geometry: found.geometry, properties };
  const layer = zoneLayer(
    map,
    { type: "FeatureCollection", features: [feature] },
    { interactive: false },
  ).addTo(map);
  map.fitBounds(layer.getBounds().extend(map.getCenter()), { padding: [14, 14], animate: false });
}

function startSmallMap(element: HTMLElement): void {
  const map = createMap(element, { scrollWheel: false, zoomControl: false });
  const { zone, version } = element.dataset;
  const centre = map.getCenter();
  if (zone && version) void addZoneVersion(map, zone, version);
  else void addZones(map);
  new BuildingLayer(map, { interactive: false });
  L.circleMarker(centre, {
    radius: 11,
    weight: 4,
    color: "#f4a65a",
    fillOpacity: 0,
    interactive: false,
  }).addTo(map);
}

export function startMaps(): void {
  for (const element of document.querySelectorAll<HTMLElement>("[data-map]:not([data-map-started])")) {
    element.dataset.mapStarted = "1";
    if (element.dataset.map === "operator") startOperatorMap(element);
    else if (element.dataset.map === "plant") startPlantMap(element);
    else if (element.dataset.map === "prices") startPriceMap(element);
    else if (element.dataset.map === "sessions") startSessionsMap(element);
    else if (element.dataset.map === "place") startPlaceMap(element);
    else startSmallMap(element);
  }
}
