// The map of network points: beside the list, on the page of a node, and in the form that places one.

import { BuildingLayer } from "../shared/buildings";
import { createMap, L, zoneLayer, type ZoneProperties } from "../shared/map";

interface NodeProperties {
  name: string;
  kind: string;
  icon: string;
  tone: string;
  word: string;
  state: string;
  state_word: string;
  free: number | null;
  url: string;
  feeder: [number, number] | null;
}

const SMALL_BELOW_ZOOM = 16;

async function fetchJson<T>(url: string): Promise<T | null> {
  const answer = await fetch(url, { headers: { Accept: "application/json" } });
  return answer.ok ? ((await answer.json()) as T) : null;
}

async function addZones(map: L.Map): Promise<void> {
  const zones = await fetchJson<GeoJSON.FeatureCollection<GeoJSON.Geometry, ZoneProperties>>(
    "/api/v1/coverage/zones/",
  );
  if (zones) zoneLayer(map, zones, { interactive: false }).addTo(map);
}

/** The mark of a kind, as in the list; the text is for screen readers and the mouse. */
function pin(sprite: string, node: NodeProperties, isHere: boolean, isSmall: boolean): L.DivIcon {
  const mark = document.createElement("span");
  mark.className = `np-mark tone-${node.tone}`;
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  use.setAttribute("href", `${sprite}#${node.icon}`);
  svg.append(use);
  mark.append(svg);
  const size = isSmall ? 20 : 30;
  const classes = ["np-pin", `is-${node.state}`];
  if (node.state === "FULL") classes.push("is-full");
  if (isHere) classes.push("is-here");
  if (isSmall) classes.push("is-small");
  return L.divIcon({ html: mark, className: classes.join(" "), iconSize: [size, size] });
}

class PlantMap {
  private readonly map: L.Map;
  private readonly markers = new Map<number, { marker: L.Marker; node: NodeProperties }>();
  private readonly sprite: string;
  private readonly here: number;

  constructor(private readonly element: HTMLElement) {
    this.map = createMap(element, { scrollWheel: element.dataset.mode === "list" });
    this.sprite = element.dataset.sprite ?? "";
    this.here = Number(element.dataset.node ?? 0);
    void addZones(this.map);
    new BuildingLayer(this.map, { interactive: false });
    this.map.on("zoomend", () => this.redraw());
    void this.addNodes();
    if (element.dataset.mode === "list") this.startAdding();
    if (element.dataset.move && element.dataset.mode === "pick") this.startPin();
  }

  private titleOf(node: NodeProperties): string {
    const free = node.free === null ? "" : (this.element.dataset.free ?? "").replace("{count}", String(node.free));
    return [node.name, node.word, node.state_word, free].filter(Boolean).join(" · ");
  }

  private isSmall(id: number): boolean {
    return id !== this.here && this.map.getZoom() < SMALL_BELOW_ZOOM;
  }

  private async addNodes(): Promise<void> {
    const found = await fetchJson<GeoJSON.FeatureCollection<GeoJSON.Point, NodeProperties>>(
      this.element.dataset.nodesUrl ?? "",
    );
    if (!found) return;
    const lines = L.layerGroup().addTo(this.map);
    const bounds = L.latLngBounds([]);
    for (const feature of found.features) {
      const [lon, lat] = feature.geometry.coordinates as [number, number];
      const node = feature.properties;
      const id = Number(feature.id);
      const at = L.latLng(lat, lon);
      bounds.extend(at);
      if (node.feeder && (node.feeder[0] !== lon || node.feeder[1] !== lat)) {
        L.polyline([at, L.latLng(node.feeder[1], node.feeder[0])], {
          color: "#5b6573",
          weight: 1.4,
          opacity: 0.65,
          interactive: false,
        }).addTo(lines);
      }
      if (id === this.here && this.element.dataset.mode === "pick") continue;
      this.addMarker(id, node, at);
    }
    if (this.element.dataset.mode === "list" && bounds.isValid()) {
      this.map.fitBounds(bounds.pad(0.08), { animate: false, maxZoom: 17 });
    }
  }

  private addMarker(id: number, node: NodeProperties, at: L.LatLng): void {
    const isMovable = id === this.here && Boolean(this.element.dataset.move);
    const title = this.titleOf(node);
    const marker = L.marker(at, {
      icon: pin(this.sprite, node, id === this.here, this.isSmall(id)),
      title,
      alt: title,
      draggable: isMovable,
      autoPan: isMovable,
      zIndexOffset: id === this.here ? 1000 : node.state === "FULL" ? 500 : 0,
    }).addTo(this.map);
    this.markers.set(id, { marker, node });
    if (isMovable) marker.on("dragend", () => this.write(marker.getLatLng()));
    else marker.on("click", () => window.location.assign(node.url));
    const row = document.querySelector(`#np-tree [data-node="${id}"]`);
    row?.addEventListener("mouseenter", () => marker.getElement()?.classList.add("is-here"));
    row?.addEventListener("mouseleave", () => marker.getElement()?.classList.remove("is-here"));
    marker.on("mouseover", () => row?.classList.add("is-lit"));
    marker.on("mouseout", () => row?.classList.remove("is-lit"));
  }

  private redraw(): void {
    for (const [id, { marker, node }] of this.markers) {
      marker.setIcon(pin(this.sprite, node, id === this.here, this.isSmall(id)));
    }
  }

  /** The place goes into the fields of the form, which are there without a map too. */
  private write(at: L.LatLng): void {
    const form = document.querySelector<HTMLFormElement>(this.element.dataset.move ?? "");
    form?.closest("details")?.setAttribute("open", "");
    for (const [name, value] of [["lat", at.lat], ["lon", at.lng]] as const) {
      const field = form?.querySelector<HTMLInputElement>(`[name=${name}]`);
      if (field) field.value = value.toFixed(6);
    }
  }

  private startPin(): void {
    let marker: L.Marker | null = null;
    const put = (at: L.LatLng): void => {
      if (marker) {
        marker.setLatLng(at);
        return;
      }
      const mark = document.createElement("span");
      mark.className = "np-mark tone-guest";
      mark.textContent = "+";
      const icon = L.divIcon({ html: mark, className: "np-pin is-here", iconSize: [30, 30] });
      marker = L.marker(at, { icon, draggable: true, autoPan: true, zIndexOffset: 2000 }).addTo(this.map);
      marker.on("dragend", () => marker && this.write(marker.getLatLng()));
    };
    if ("placed" in this.element.dataset) put(this.map.getCenter());
    this.map.on("click", (event) => {
      put(event.latlng);
      this.write(event.latlng);
    });
  }

  private startAdding(): void {
    const button = document.querySelector<HTMLButtonElement>("#np-add");
    const target = this.element.dataset.newUrl;
    if (!button || !target) return;
    const text = button.querySelector("span");
    const plain = text?.textContent ?? "";
    const arm = (on: boolean): void => {
      button.setAttribute("aria-pressed", String(on));
      this.element.parentElement?.classList.toggle("is-armed", on);
      if (text) text.textContent = on ? (button.dataset.armed ?? plain) : plain;
    };
    button.addEventListener("click", () => arm(button.getAttribute("aria-pressed") !== "true"));
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape") arm(false);
    });
    this.map.on("click", (event) => {
      if (button.getAttribute("aria-pressed") !== "true") return;
      const { lat, lng } = event.latlng;
      window.location.assign(`${target}?lon=${lng.toFixed(6)}&lat=${lat.toFixed(6)}`);
    });
  }
}

export function startPlantMap(element: HTMLElement): void {
  new PlantMap(element);
}
