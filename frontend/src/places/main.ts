// Streets and buildings on a map and in lists: a new house in two clicks, a moved pin, a merge.

import { BuildingLayer } from "../shared/buildings";
import { createMap, L, token, zoneLayer, type ZoneProperties } from "../shared/map";
import { call } from "../planner/api";
import { byId, word } from "../planner/dom";
import { startSheet } from "../planner/panel";
import { startCodifier } from "./codifier";
import { openHistory } from "./history";
import { HouseForm } from "./house";
import { openMerge } from "./merging";
import { openPremises } from "./premises";
import { act, page, type Shell } from "./shell";
import { startStreetLines } from "./lines";
import { Streets } from "./streets";

const STEP_M = 1;
const M_PER_DEGREE = 111_320;
const CLOSE_ZOOM = 16;
const TAG_ZOOM = 16.5;
const MAX_TAGS = 200;
const mayMove = !window.matchMedia("(prefers-reduced-motion: reduce)").matches;

const map = createMap(byId("pl-map"), { zoom: 16, minZoom: 5 });
if (page.bounds) map.fitBounds(page.bounds, { maxZoom: 16.5, ...free() });

let marked = new Set<number>();
let marker: L.Marker | null = null;
const buildings = new BuildingLayer(map, {
  limit: 4000,
  colorOf: (house) => (marked.has(house.id) ? token("--accent", "#f4a65a") : token("--z-none", "#b9b0a2")),
  onClick: (house, event) => {
    L.DomEvent.stop(event);
    act(() => shell.toHouse(house.id));
  },
});

function moveBy(event: KeyboardEvent, pin: L.Marker): boolean {
  const step = ((event.shiftKey ? 10 : 1) * STEP_M) / M_PER_DEGREE;
  const { lat, lng } = pin.getLatLng();
  const wide = step / Math.cos((lat * Math.PI) / 180);
  const to = {
    ArrowUp: [lat + step, lng],
    ArrowDown: [lat - step, lng],
    ArrowLeft: [lat, lng - wide],
    ArrowRight: [lat, lng + wide],
  }[event.key] as [number, number] | undefined;
  if (!to) return false;
  event.preventDefault();
  event.stopPropagation();
  pin.setLatLng(to);
  return true;
}

const tags = L.layerGroup();

function showTags(): void {
  if (map.getZoom() >= TAG_ZOOM) tags.addTo(map);
  else tags.remove();
}

/** How much of the map the panel covers, as paddings: on a narrow screen it is a sheet below. */
function free(): { paddingTopLeft: [number, number]; paddingBottomRight: [number, number] } {
  const panel = byId("pl-panel").getBoundingClientRect();
  const area = byId("pl-map").getBoundingClientRect();
  const isSheet = panel.width > area.width * 0.8;
  return {
    paddingTopLeft: [isSheet ? 30 : panel.right - area.left + 30, 60],
    paddingBottomRight: [30, isSheet ? area.bottom - panel.top + 20 : 40],
  };
}

const shell: Shell = {
  map,
  toStreets: () => {
    shell.unpin();
    streets.toList();
  },
  toStreet: async (id, focusHouse) => {
    shell.unpin();
    await streets.open(id, focusHouse);
  },
  toHouse: (id) => house.open(id),
  newHouse: (lat, lon, streetId) => house.openNew(lat, lon, streetId),
  toMerge: (one, other) => openMerge(shell, one, other),
  toPremises: (building) => openPremises(shell, building),
  toHistory: (kind, id, title) => openHistory(shell, kind, id, title),
  pin: (lat, lon, onMove) => {
    shell.unpin();
    const look = L.divIcon({ className: "pc-pin", iconSize: [30, 38], iconAnchor: [15, 36], html: "<i></i>" });
    marker = L.marker([lat, lon], { draggable: true, keyboard: true, icon: look, title: word("pin_title"), autoPan: true });
    marker.addTo(map);
    const pin = marker;
    pin.on("dragend", () => onMove(pin.getLatLng().lat, pin.getLatLng().lng, true));
    pin.getElement()?.addEventListener("keydown", (event) => {
      if (moveBy(event, pin)) onMove(pin.getLatLng().lat, pin.getLatLng().lng, false);
    });
    if (map.getZoom() < CLOSE_ZOOM) shell.look([[lat, lon]], 17.5);
    else map.panInside([lat, lon], { ...free(), animate: mayMove });
    return pin;
  },
  unpin: () => {
    marker?.remove();
    marker = null;
  },
  mark: (houses) => {
    marked = new Set(houses.map((each) => each.building_id));
    buildings.restyle();
    tags.clearLayers();
    const numbers = new Map<number, string[]>();
    for (const { building_id: id, number } of houses) {
      if (number) numbers.set(id, [...(numbers.get(id) ?? []), number]);
    }
    for (const { building_id: id, lat, lon } of houses.slice(0, MAX_TAGS)) {
      const number = numbers.get(id)?.join(", ");
      numbers.delete(id);
      if (!number) continue;
      const look = { permanent: true, direction: "top", offset: [0, -6], className: "pc-tag" } as L.TooltipOptions;
      L.tooltip(look).setLatLng([lat, lon]).setContent(document.createTextNode(number) as unknown as HTMLElement).addTo(tags);
    }
    showTags();
  },
  look: (places, maxZoom) => {
    if (places.length) map.fitBounds(L.latLngBounds(places).pad(0.1), { maxZoom, ...free(), animate: mayMove });
  },
  middle: () => {
    const { paddingTopLeft: [left, top], paddingBottomRight: [right, bottom] } = free();
    const { x, y } = map.getSize();
    return map.containerPointToLatLng([(left + x - right) / 2, (top + y - bottom) / 2]);
  },
  redraw: () => buildings.reload(),
};

const house = new HouseForm(shell);
const streets = new Streets(shell);
startSheet(() => map.invalidateSize());
startCodifier(shell);

// What the map shows, for those who can't see it: tests and scripts of the browser.
const tellView = (): void => {
  byId("pl-map").dataset.view = map.getBounds().toBBoxString();
};
map.on("moveend zoomend", tellView);
map.on("zoomend", showTags);
tellView();
startStreetLines(map);
map.on("click", (event: L.LeafletMouseEvent) => {
  const { lat, lng } = event.latlng;
  act(() => shell.newHouse(lat, lng));
});
for (const back of document.querySelectorAll<HTMLElement>("[data-to=streets]")) back.onclick = () => shell.toStreets();

act(async () => {
  const zones = await call<GeoJSON.FeatureCollection<GeoJSON.Geometry, ZoneProperties>>("GET", "zones/");
  zoneLayer(map, zones, { interactive: false }).addTo(map);
});

const wanted = new URLSearchParams(location.search);
const [building, street] = ["building", "street"].map((name) => Number(wanted.get(name)));
if (building) act(() => shell.toHouse(building));
else if (street) act(() => shell.toStreet(street));
else byId("pc-find").focus();
