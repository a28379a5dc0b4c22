// The map and the list as one thing: choosing here shows there; the slider sets the time of both.

import { BuildingLayer } from "../shared/buildings";
import { createMap, L, zoneLayer, type ZoneProperties } from "../shared/map";
import { startChart, type Chart } from "./chart";
import { bucketName, config, counted, word, type Cell } from "./config";
import { classesOf, colourOf } from "./scale";

/** Where the planner looks for an outline to begin with. */
export const SHAPE_KEY = "geobill.planner.shape";
const PLAY_MS = 900;
const MAX_LABELS = 250;

class Demand {
  private readonly map: L.Map;
  private readonly layers = new Map<string, L.GeoJSON>();
  private readonly labels = L.layerGroup();
  private readonly slider = document.getElementById("dm-slider") as HTMLInputElement;
  private chart: Chart | null = null;
  private bucket: number | null = null; // null: the whole period
  private chosen: string | null = null;
  private timer = 0;

  constructor(element: HTMLElement) {
    this.map = createMap(element);
    new BuildingLayer(this.map, { interactive: false, minZoom: 14, colorOf: () => "#b9b0a2" });
    void this.addZones();
    for (const cell of config.cells) this.addCell(cell);
    this.labels.addTo(this.map);
    this.fit();
    this.map.on("zoomend", () => this.label());
    this.startTime();
    this.startList();
    this.show();
  }

  private async addZones(): Promise<void> {
    const answer = await fetch("/api/v1/coverage/zones/", { headers: { Accept: "application/json" } });
    if (!answer.ok) return;
    const zones = (await answer.json()) as GeoJSON.FeatureCollection<GeoJSON.Geometry, ZoneProperties>;
    zoneLayer(this.map, zones, { interactive: false }).addTo(this.map).bringToBack();
  }

  private addCell(cell: Cell): void {
    const layer = L.geoJSON(cell.shape, {
      pointToLayer: (_feature, at) => L.circleMarker(at, { radius: 9 }),
    });
    layer.bindTooltip(() => this.tip(cell), { sticky: true, className: "dm-tip" });
    layer.on("click", () => this.choose(cell.id, "list"));
    layer.addTo(this.map);
    this.layers.set(cell.id, layer);
  }

  private tip(cell: Cell): HTMLElement {
    const box = document.createElement("div");
    const title = document.createElement("b");
    title.textContent = cell.place;
    const lines = [counted("wishes", cell.wishes), cell.trend];
    if (this.bucket !== null) {
      const count = cell.buckets[this.bucket] ?? 0;
      lines.unshift(word("of_bucket", { count, bucket: bucketName(this.bucket) }));
    }
    box.append(title, lines.join(" · "));
    return box;
  }

  private fit(): void {
    const bounds = L.latLngBounds([]);
    for (const layer of this.layers.values()) bounds.extend(layer.getBounds());
    if (bounds.isValid()) this.map.fitBounds(bounds, { padding: [30, 30], maxZoom: 17 });
    else if (config.bounds) this.map.fitBounds(config.bounds, { maxZoom: 16 });
  }

  private count(cell: Cell): number {
    return this.bucket === null ? cell.wishes : (cell.buckets[this.bucket] ?? 0);
  }

  /** Colours and numbers for the time that is chosen. */
  private show(): void {
    const counts = config.cells.map((cell) => this.count(cell));
    // One scale for all buckets, or growth would not be seen.
    const bounds =
      this.bucket === null ? classesOf(counts) : classesOf(config.cells.flatMap((cell) => cell.buckets));
    for (const cell of config.cells) {
      const count = this.count(cell);
      const isChosen = cell.id === this.chosen;
      this.layers.get(cell.id)?.setStyle({
        color: isChosen ? "#1b2430" : "#6b2a0c",
        weight: isChosen ? 3.5 : 1.2,
        opacity: count || isChosen ? 0.9 : 0.25,
        fillColor: colourOf(count, bounds),
        fillOpacity: count ? 0.62 : 0.04,
      });
    }
    this.label();
    this.key(bounds);
  }

  private label(): void {
    this.labels.clearLayers();
    const view = this.map.getBounds().pad(0.1);
    const seen = config.cells.filter((cell) => {
      const layer = this.layers.get(cell.id);
      return this.count(cell) > 0 && layer !== undefined && view.intersects(layer.getBounds());
    });
    for (const cell of seen.slice(0, MAX_LABELS)) {
      const bounds = this.layers.get(cell.id)?.getBounds();
      if (!bounds) continue;
      const width =
        this.map.latLngToLayerPoint(bounds.getNorthEast()).x - this.map.latLngToLayerPoint(bounds.getSouthWest()).x;
      if (width < 20 && !cell.id.startsWith("b")) continue;
      const text = String(this.count(cell));
      const icon = L.divIcon({ className: "dm-count", html: text, iconSize: [30, 18] });
      L.marker(bounds.getCenter(), { icon, interactive: false, keyboard: false }).addTo(this.labels);
    }
  }

  private key(bounds: number[]): void {
    const box = document.getElementById("dm-key");
    const list = box?.querySelector("ul");
    if (!box || !list) return;
    box.hidden = bounds.length === 0;
    const items = bounds.map((low, index) => {
      const next = bounds[index + 1];
      const item = document.createElement("li");
      item.innerHTML = `<svg width="14" height="14" aria-hidden="true"><rect width="14" height="14" rx="3" fill="${colourOf(low, bounds)}"/></svg>`;
      const high = next === undefined ? null : next - 1;
      const text =
        high === null ? word("from_on", { low }) : high > low ? word("from_to", { low, high }) : String(low);
      item.append(text);
      return item;
    });
    list.replaceChildren(...items);
  }

  private choose(id: string, scroll: "list" | "map"): void {
    this.chosen = id;
    for (const row of document.querySelectorAll<HTMLElement>("#dm-rows > li")) {
      const here = row.dataset.cell === id;
      row.classList.toggle("is-chosen", here);
      if (here && scroll === "list") row.scrollIntoView({ block: "nearest" });
    }
    const layer = this.layers.get(id);
    if (layer && scroll === "map") this.map.fitBounds(layer.getBounds(), { maxZoom: 17, padding: [80, 80] });
    layer?.bringToFront();
    this.show();
  }

  private startList(): void {
    const rows = document.getElementById("dm-rows");
    rows?.addEventListener("click", (event) => {
      const target = event.target as HTMLElement;
      const id = target.closest("li")?.dataset.cell;
      if (!id) return;
      if (target.closest("[data-draw]")) {
        const cell = config.cells.find((each) => each.id === id);
        const area = cell?.shape.type === "Polygon" || cell?.shape.type === "MultiPolygon";
        if (area) sessionStorage.setItem(SHAPE_KEY, JSON.stringify(cell.shape));
      } else if (target.closest(".dm-row")) this.choose(id, "map");
    });
    rows?.addEventListener("keydown", (event) => {
      const buttons = [...rows.querySelectorAll<HTMLButtonElement>(".dm-row")];
      const at = buttons.indexOf(document.activeElement as HTMLButtonElement);
      const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: buttons.length - 1 }[event.key];
      if (to === undefined || at < 0) return;
      event.preventDefault();
      buttons[Math.min(Math.max(to, 0), buttons.length - 1)]?.focus();
    });
  }

  private startTime(): void {
    const holder = document.getElementById("dm-time");
    const chart = document.getElementById("dm-chart");
    if (!holder || !chart || config.starts.length < 2) return;
    holder.hidden = false;
    this.slider.max = String(config.starts.length);
    this.slider.addEventListener("input", () => {
      this.pause();
      this.setBucket(Number(this.slider.value) - 1);
    });
    document.getElementById("dm-play")?.addEventListener("click", () => (this.timer ? this.pause() : this.play()));
    this.chart = startChart(chart, (bucket) => {
      this.pause();
      this.setBucket(bucket === this.bucket ? -1 : bucket);
    });
    this.setBucket(-1);
  }

  /** −1 is the whole period. */
  private setBucket(index: number): void {
    this.bucket = index < 0 ? null : index;
    this.slider.value = String(index + 1);
    const name = index < 0 ? word("whole_period") : bucketName(index);
    this.slider.setAttribute("aria-valuetext", name);
    const output = document.getElementById("dm-when");
    if (output) output.textContent = name;
    this.chart?.choose(this.bucket);
    this.show();
  }

  private play(): void {
    this.mark(true);
    this.setBucket(0);
    this.timer = window.setInterval(() => {
      const next = (this.bucket ?? -1) + 1;
      if (next < config.starts.length) this.setBucket(next);
      else {
        this.pause();
        this.setBucket(-1);
      }
    }, PLAY_MS);
  }

  private pause(): void {
    window.clearInterval(this.timer);
    this.timer = 0;
    this.mark(false);
  }

  private mark(playing: boolean): void {
    const button = document.getElementById("dm-play");
    button?.setAttribute("aria-pressed", String(playing));
    button?.setAttribute("aria-label", word(playing ? "stop" : "play"));
  }
}

function startCopying(): void {
  for (const button of document.querySelectorAll<HTMLElement>("[data-copy]")) {
    button.addEventListener("click", () => {
      void navigator.clipboard.writeText(button.dataset.copy ?? "").then(() => {
        const toast = document.getElementById("dm-toast");
        if (!toast) return;
        toast.textContent = word("copied");
        toast.classList.add("is-shown");
        window.setTimeout(() => toast.classList.remove("is-shown"), 4000);
      });
    });
  }
}

export function startDemand(): void {
  const element = document.getElementById("dm-map");
  if (!element) return;
  new Demand(element);
  startCopying();
}
