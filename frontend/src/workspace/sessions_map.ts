// Sessions on the map: clusters from afar, buildings from near, coloured by who is there.

import htmx from "htmx.org";
import { BuildingLayer } from "../shared/buildings";
import { createMap, L, token, zoneLayer, type ZoneProperties } from "../shared/map";

const STATES = ["guest", "suspect", "offline", "online"] as const;
type State = (typeof STATES)[number];
type Counts = Record<State, number>;

interface PlaceProperties extends Counts {
  building: number | null;
  node: number | null;
  total: number;
}

const COLORS: Record<State, () => string> = {
  online: () => token("--st-online", "#2f9e6b"),
  guest: () => token("--st-guest", "#c77a12"),
  suspect: () => token("--st-debt", "#b3261e"),
  offline: () => token("--st-off", "#7c8794"),
};
const HOUSES_FROM_ZOOM = 16;
const RENEWED_MS = 30_000;
const SIZE_LEAST = 16;
const SIZE_MOST = 56;

/** A ring cut by states, with the number inside. */
function ring(place: PlaceProperties, size: number): HTMLElement {
  const holder = document.createElement("span");
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 36 36");
  svg.setAttribute("width", String(size));
  svg.setAttribute("height", String(size));
  svg.setAttribute("aria-hidden", "true");
  const back = document.createElementNS(svg.namespaceURI, "circle") as SVGCircleElement;
  back.setAttribute("cx", "18");
  back.setAttribute("cy", "18");
  back.setAttribute("r", "17");
  back.setAttribute("fill", "#fff");
  svg.append(back);
  let done = 0;
  for (const state of STATES) {
    const share = place[state] / place.total;
    if (!share) continue;
    const arc = document.createElementNS(svg.namespaceURI, "circle") as SVGCircleElement;
    arc.setAttribute("cx", "18");
    arc.setAttribute("cy", "18");
    arc.setAttribute("r", "14");
    arc.setAttribute("fill", "none");
    arc.setAttribute("stroke", COLORS[state]());
    arc.setAttribute("stroke-width", "6");
    arc.setAttribute("pathLength", "100");
    arc.setAttribute("stroke-dasharray", `${100 * share} 100`);
    arc.setAttribute("stroke-dashoffset", String(-100 * done));
    arc.setAttribute("transform", "rotate(-90 18 18)");
    svg.append(arc);
    done += share;
  }
  const text = document.createElementNS(svg.namespaceURI, "text") as SVGTextElement;
  text.setAttribute("x", "18");
  text.setAttribute("y", "22");
  text.setAttribute("text-anchor", "middle");
  text.setAttribute("font-size", place.total > 999 ? "9" : "11");
  text.setAttribute("font-weight", "650");
  text.textContent = place.total > 9999 ? `${Math.round(place.total / 1000)}k` : String(place.total);
  svg.append(text);
  holder.append(svg);
  return holder;
}

class SessionsMap {
  private readonly map: L.Map;
  private readonly drawn: L.LayerGroup;
  private readonly filters = document.querySelector<HTMLFormElement>("#sm-states");
  private loading: AbortController | null = null;
  private timer = 0;
  private ringAround: L.CircleMarker | null = null;

  constructor(private readonly element: HTMLElement) {
    this.map = createMap(element);
    this.drawn = L.layerGroup().addTo(this.map);
    this.addServers();
    new BuildingLayer(this.map, {
      interactive: false,
      minZoom: HOUSES_FROM_ZOOM,
      colorOf: () => token("--z-none", "#c9c2b6"),
    });
    this.map.on("moveend", () => this.soon());
    this.filters?.addEventListener("change", () => this.soon());
    window.setInterval(() => void this.load(), RENEWED_MS);
    document.addEventListener("click", (event) => this.go(event));
    this.soon();
    void this.addZones();
  }

  /** The zones lie under the sessions, and all of them are in view until somebody moves the map. */
  private async addZones(): Promise<void> {
    let moved = false;
    this.map.once("dragstart zoomstart", () => { moved = true; });
    const answer = await fetch("/api/v1/coverage/zones/", { headers: { Accept: "application/json" } });
    if (!answer.ok) return;
    const zones = (await answer.json()) as GeoJSON.FeatureCollection<GeoJSON.Geometry, ZoneProperties>;
    const bounds = zoneLayer(this.map, zones, { interactive: false }).addTo(this.map).getBounds();
    if (!moved && bounds.isValid()) this.map.fitBounds(bounds, { padding: [24, 24], animate: false });
  }

  /** The access servers of the list, drawn over the sessions; one leads to its card, as in the list. */
  private addServers(): void {
    for (const link of document.querySelectorAll<HTMLAnchorElement>("#sm-servers a[data-bras-lat]")) {
      const { brasLat, brasLon, brasTone, brasTitle = "" } = link.dataset;
      const mark = document.createElement("span");
      mark.className = `sm-bras-mark tone-${brasTone}`;
      const name = document.createElement("b");
      name.textContent = link.textContent;
      mark.append(name);
      const icon = L.divIcon({ html: mark, className: "sm-bras", iconSize: [0, 0] });
      L.marker([Number(brasLat), Number(brasLon)], {
        icon, title: brasTitle, alt: brasTitle, keyboard: true, zIndexOffset: 1000, riseOnHover: true,
      })
        .on("click", () => { window.location.href = link.href; })
        .on("keydown", (event) => {
          if (event.originalEvent.key === "Enter") window.location.href = link.href;
        })
        .addTo(this.map);
    }
  }

  /** A link of the list leads to its place on the map too. */
  private go(event: MouseEvent): void {
    const link = (event.target as Element | null)?.closest<HTMLElement>("a[data-lat]");
    if (!link) return;
    this.show(L.latLng(Number(link.dataset.lat), Number(link.dataset.lon)));
  }

  private show(at: L.LatLng): void {
    this.ringAround?.remove();
    this.ringAround = L.circleMarker(at, {
      radius: 22,
      weight: 4,
      color: "#f4a65a",
      fillOpacity: 0,
      interactive: false,
    }).addTo(this.map);
    if (!this.map.getBounds().pad(-0.15).contains(at)) {
      this.map.setView(at, Math.max(this.map.getZoom(), HOUSES_FROM_ZOOM));
    }
  }

  private soon(): void {
    this.element.setAttribute("aria-busy", "true");
    window.clearTimeout(this.timer);
    this.timer = window.setTimeout(() => void this.load(), 120);
  }

  private states(): string {
    const chosen = this.filters?.querySelectorAll<HTMLInputElement>("input:checked") ?? [];
    return [...chosen].map((one) => one.value).join(",");
  }

  private async load(): Promise<void> {
    this.loading?.abort();
    const mine = new AbortController();
    this.loading = mine;
    const bounds = this.map.getBounds().pad(0.2);
    const bbox = [
      Math.max(bounds.getWest(), -180),
      Math.max(bounds.getSouth(), -90),
      Math.min(bounds.getEast(), 180),
      Math.min(bounds.getNorth(), 90),
    ].join(",");
    const url = `${this.element.dataset.pointsUrl}?bbox=${bbox}&zoom=${Math.floor(this.map.getZoom())}&states=${this.states()}`;
    try {
      const answer = await fetch(url, { signal: mine.signal, headers: { Accept: "application/json" } });
      if (!answer.ok || mine.signal.aborted) return;
      this.draw((await answer.json()) as GeoJSON.FeatureCollection<GeoJSON.Point, PlaceProperties>);
    } catch (error) {
      if (!(error instanceof DOMException && error.name === "AbortError")) throw error;
    } finally {
      if (this.loading === mine) this.element.setAttribute("aria-busy", "false");
    }
  }

  private draw(found: GeoJSON.FeatureCollection<GeoJSON.Point, PlaceProperties>): void {
    this.drawn.clearLayers();
    for (const feature of found.features) {
      const place = feature.properties;
      const [lon = 0, lat = 0] = feature.geometry.coordinates;
      const size = Math.min(SIZE_MOST, SIZE_LEAST + 7 * Math.log2(place.total + 1));
      const title = STATES.filter((state) => place[state])
        .map((state) => `${this.word(state)}: ${place[state]}`)
        .join(", ");
      const icon = L.divIcon({ html: ring(place, size), className: "sm-pin", iconSize: [size, size] });
      L.marker([lat, lon], { icon, title, alt: title, keyboard: true })
        .on("click", () => this.open(place, L.latLng(lat, lon)))
        .on("keydown", (event) => {
          if (event.originalEvent.key === "Enter") this.open(place, L.latLng(lat, lon));
        })
        .addTo(this.drawn);
    }
  }

  private word(state: State): string {
    const { wordOnline, wordGuest, wordSuspect, wordOffline } = this.element.dataset;
    return { online: wordOnline, guest: wordGuest, suspect: wordSuspect, offline: wordOffline }[state] ?? state;
  }

  private open(place: PlaceProperties, at: L.LatLng): void {
    if (!place.building && !place.node) {
      this.map.setView(at, Math.min(this.map.getZoom() + 2, 18));
      return;
    }
    this.show(at);
    const asked = place.building ? `building=${place.building}` : `node=${place.node}`;
    void htmx.ajax("get", `${this.element.dataset.hereUrl}?${asked}`, {
      target: "#sm-here",
      swap: "innerHTML show:#sm-here:top",
    });
  }
}

export function startSessionsMap(element: HTMLElement): void {
  new SessionsMap(element);
}
