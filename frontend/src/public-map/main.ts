// The live map of coverage, and the one on which a client puts a pin. The server's picture stays
// where scripts do not run.
import { BuildingLayer } from "../shared/buildings";
import { createMap, L, statusColor, token, zoneLayer, type ZoneStatus } from "../shared/map";

const MAX_SPAN_DEGREES = 3;

async function start(element: HTMLElement): Promise<void> {
  element.hidden = false;
  element.parentElement?.classList.add("live");
  const map = createMap(element, { scrollWheel: false, attribution: null });
  const [west, south, east, north] = (element.dataset.bbox ?? "").split(",").map(Number);
  if (west !== undefined && south !== undefined && east !== undefined && north !== undefined) {
    map.fitBounds(
      [
        [south, west],
        [north, east],
      ],
      { animate: false, padding: [12, 12] },
    );
    if (map.getZoom() < 14 && north - south < MAX_SPAN_DEGREES) map.setZoom(14, { animate: false });
  }
  const isPin = "pin" in element.dataset;
  if (isPin) pin(map, element);
  new BuildingLayer(map, {
    url: element.dataset.buildings,
    minZoom: 13,
    interactive: !isPin,
    colorOf: (properties) =>
      properties.look === "NONE"
        ? token("--z-none", "#b9b0a2")
        : statusColor(properties.look as ZoneStatus),
    onClick: isPin ? undefined : (properties, event) => ask(map, element, properties, event.latlng),
  });
  const answer = await fetch(element.dataset.zones ?? "", { headers: { Accept: "application/json" } });
  if (answer.ok) zoneLayer(map, await answer.json(), { interactive: false }).addTo(map);
}

/** A click on a house offers to check it; the form is the same as on the list of streets. */
function ask(
  map: L.Map,
  element: HTMLElement,
  properties: { id: number; label: string },
  at: L.LatLng,
): void {
  const form = document.querySelector<HTMLFormElement>("#map-check");
  const box = document.createElement("div");
  box.className = "map-ask";
  const name = document.createElement("b");
  name.textContent = properties.label;
  const button = document.createElement("button");
  button.className = "btn-s";
  button.type = "button";
  button.textContent = element.dataset.check ?? "";
  button.addEventListener("click", () => {
    const field = form?.elements.namedItem("building_id");
    if (form && field instanceof HTMLInputElement) {
      field.value = String(properties.id);
      form.submit();
    }
  });
  box.append(name, button);
  L.popup({ closeButton: false }).setLatLng(at).setContent(box).openOn(map);
  button.focus();
}

/** The pin stands still in the middle; the map moves under it and fills in the two fields. */
function pin(map: L.Map, element: HTMLElement): void {
  const mark = document.createElement("div");
  mark.className = "centre-pin";
  mark.innerHTML = '<div class="pin"></div>';
  element.append(mark);
  const field = (id: string) => document.querySelector<HTMLInputElement>(`#${id}`);
  const write = () => {
    const centre = map.getCenter();
    const lat = field("lat");
    const lon = field("lon");
    if (lat) lat.value = centre.lat.toFixed(5);
    if (lon) lon.value = centre.lng.toFixed(5);
  };
  map.on("move", write);
  for (const id of ["lat", "lon"]) {
    field(id)?.addEventListener("change", () => {
      const lat = Number(field("lat")?.value.replace(",", "."));
      const lon = Number(field("lon")?.value.replace(",", "."));
      if (Number.isFinite(lat) && Number.isFinite(lon)) map.setView([lat, lon]);
    });
  }
  map.on("click", (event) => map.panTo(event.latlng));
  if (map.getZoom() < 15) map.setZoom(15, { animate: false });
  write();
}

for (const element of document.querySelectorAll<HTMLElement>("[data-map]")) void start(element);
