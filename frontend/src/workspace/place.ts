// A place chosen on a map: a click, a drag or the middle of the map go into two fields, and the
// fields move the pin. Without a script the fields are all there is.

import { BuildingLayer } from "../shared/buildings";
import { createMap, L, zoneLayer, type ZoneProperties } from "../shared/map";

const DIGITS = 6;

async function addZones(map: L.Map): Promise<void> {
  const answer = await fetch("/api/v1/coverage/zones/", { headers: { Accept: "application/json" } });
  if (!answer.ok) return;
  const zones = (await answer.json()) as GeoJSON.FeatureCollection<GeoJSON.Geometry, ZoneProperties>;
  zoneLayer(map, zones, { interactive: false }).addTo(map);
}

function number(field: HTMLInputElement): number | null {
  const text = field.value.trim().replace(",", ".");
  const value = Number(text);
  return text === "" || Number.isNaN(value) ? null : value;
}

export function startPlaceMap(element: HTMLElement): void {
  const lat = document.querySelector<HTMLInputElement>(element.dataset.lat ?? "");
  const lon = document.querySelector<HTMLInputElement>(element.dataset.lon ?? "");
  if (!lat || !lon) return;
  const map = createMap(element, { scrollWheel: false });
  void addZones(map);
  new BuildingLayer(map, { interactive: false });
  const isLocked = lat.matches(":disabled");
  const mark = document.createElement("span");
  mark.className = "np-mark tone-brand";
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  use.setAttribute("href", `${element.dataset.sprite ?? ""}#ti-router`);
  svg.append(use);
  mark.append(svg);
  const icon = L.divIcon({ html: mark, className: "np-pin is-here", iconSize: [30, 30] });
  const title = element.dataset.pin ?? "";
  const pin = L.marker(map.getCenter(), { icon, title, alt: title, draggable: !isLocked, autoPan: true });

  const write = (at: L.LatLng): void => {
    const place = at.wrap();
    lat.value = place.lat.toFixed(DIGITS);
    lon.value = place.lng.toFixed(DIGITS);
    pin.setLatLng(place).addTo(map);
  };
  const read = (move: boolean): void => {
    const [y, x] = [number(lat), number(lon)];
    const isPlace = y !== null && x !== null && Math.abs(y) <= 90 && Math.abs(x) <= 180;
    if (!isPlace) {
      pin.remove();
      return;
    }
    pin.setLatLng([y, x]).addTo(map);
    if (move && !map.getBounds().contains([y, x])) map.setView([y, x]);
  };

  read(true);
  if (isLocked) return;
  map.on("click", (event) => write(event.latlng));
  pin.on("dragend", () => write(pin.getLatLng()));
  for (const field of [lat, lon]) field.addEventListener("change", () => read(true));
  const box = element.parentElement;
  box?.querySelector("[data-place-middle]")?.addEventListener("click", () => write(map.getCenter()));
  box?.querySelector("[data-place-none]")?.addEventListener("click", () => {
    lat.value = lon.value = "";
    read(false);
  });
}
