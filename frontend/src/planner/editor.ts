// The outline that is being drawn: Leaflet-Geoman on one MultiPolygon, with undo of 50 steps.

import "../shared/leaflet-global";
import "@geoman-io/leaflet-geoman-free";
import { L, statusColor, token, zoneRenderer } from "../shared/map";
import type { Problem, Shape } from "./api";
import { config } from "./dom";
import { fromLayer, fromParts, partsOf, toLatLngs } from "./shapes";

const UNDO_STEPS = 50;

/** "sketch": a line or an area is drawn for a tool, not the outline itself. */
export type Mode = "view" | "edit" | "draw" | "cut" | "sketch";
export type Sketch = "Line" | "Polygon" | "Rectangle";

/** What a step did beside the outline (drafts of other zones), to be undone and done again. */
export interface Beside {
  undo: () => Promise<void>;
  redo: () => Promise<void>;
}

interface Step {
  shape: GeoJSON.MultiPolygon | null;
  beside?: Beside;
}

/** What can be undone and done again. */
export interface Steps {
  past: Step[];
  future: Step[];
}

export class Editor {
  private layer: L.Polygon | null = null;
  private shape: GeoJSON.MultiPolygon | null = null;
  private past: Step[] = [];
  private future: Step[] = [];
  private beside: Promise<void> = Promise.resolve(); // one after the other
  private readonly marks = L.layerGroup();
  private repaired: L.GeoJSON | null = null;
  private adjusting = "";
  private sketched: ((drawn: GeoJSON.Geometry | null) => void) | null = null;
  private snaps = true;
  readonly modeWatchers = new Set<(mode: Mode) => void>();
  mode: Mode = "view";
  onChange: (shape: GeoJSON.MultiPolygon | null) => void = () => undefined;
  onMode: (mode: Mode) => void = () => undefined;

  constructor(private readonly map: L.Map) {
    this.marks.addTo(map);
    map.pm.setLang("en", config.geoman as never);
    map.pm.setGlobalOptions({
      snappable: true,
      snapDistance: 14,
      // The server says where an outline crosses itself; refusing the click would only puzzle.
      allowSelfIntersection: true,
      continueDrawing: false,
      limitMarkersToCount: 400,
      templineStyle: { color: token("--brand", "#0b6b61"), weight: 2 },
      hintlineStyle: { color: token("--brand", "#0b6b61"), weight: 2, dashArray: "5 6" },
    } as never);
    map.on("pm:create", (event) => {
      if (this.sketched) this.sketchDone(event.layer as L.Polyline);
      else this.drawn(event.layer as L.Polygon);
    });
    map.on("pm:cut", (event) => this.cutDone(event.layer));
    map.on("pm:drawend", () => {
      if (this.mode !== "view" && this.mode !== "edit") window.setTimeout(() => this.settle(), 0);
    });
  }

  /** Begin with an outline (or none); the history starts anew, or goes on after a saving. */
  open(shape: Shape | null, steps?: Steps): void {
    this.past = steps?.past ?? [];
    this.future = steps?.future ?? [];
    this.shape = fromParts(partsOf(shape));
    this.redraw();
    this.setMode(this.shape ? "edit" : "draw");
  }

  close(): void {
    this.map.pm.disableDraw();
    this.layer?.remove();
    this.layer = null;
    this.shape = null;
    this.clearMarks();
    this.mode = "view";
    this.tellMode();
  }

  get current(): GeoJSON.MultiPolygon | null {
    return this.shape;
  }

  get steps(): Steps {
    return { past: this.past, future: this.future };
  }

  get canUndo(): boolean {
    return this.past.length > 0;
  }

  get canRedo(): boolean {
    return this.future.length > 0;
  }

  undo(): void {
    const before = this.past.pop();
    if (before === undefined) return;
    this.adjusting = "";
    this.future.push({ shape: this.shape, beside: before.beside });
    this.show(before.shape);
    if (before.beside) this.meanwhile(before.beside.undo);
  }

  redo(): void {
    const after = this.future.pop();
    if (after === undefined) return;
    this.past.push({ shape: this.shape, beside: after.beside });
    this.show(after.shape);
    if (after.beside) this.meanwhile(after.beside.redo);
  }

  /** Put another outline in place, as one step that can be undone with what it did beside. */
  replace(shape: Shape | null, beside?: Beside): void {
    this.remember(beside);
    this.show(fromParts(partsOf(shape)));
    this.setMode(this.shape ? "edit" : "draw");
  }

  /** As `replace`, but a row of changes with one key (nudges of one corner) is one step. */
  adjust(shape: GeoJSON.MultiPolygon, key: string): void {
    if (this.adjusting !== key) this.remember();
    this.adjusting = key;
    this.show(shape);
  }

  /** Draw a line or an area for a tool; null when the person gives it up. */
  sketch(kind: Sketch): Promise<GeoJSON.Geometry | null> {
    this.setMode("view");
    return new Promise((resolve) => {
      this.sketched = resolve;
      this.mode = "sketch";
      this.map.pm.enableDraw(kind, { pathOptions: { renderer: zoneRenderer(this.map) } } as never);
      this.tellMode();
    });
  }

  get snapping(): boolean {
    return this.snaps;
  }

  setSnapping(on: boolean): void {
    this.snaps = on;
    this.map.pm.setGlobalOptions({ snappable: on } as never);
  }

  removePart(index: number): void {
    this.replace(fromParts(partsOf(this.shape).filter((_part, at) => at !== index)));
  }

  removeHoles(index: number): void {
    const parts = partsOf(this.shape).map((rings, at) => (at === index ? rings.slice(0, 1) : rings));
    this.replace(fromParts(parts));
  }

  setMode(mode: Mode): void {
    const givenUp = this.sketched;
    this.sketched = null;
    this.map.pm.disableDraw();
    givenUp?.(null);
    this.layer?.pm.disable();
    this.mode = mode;
    if (mode === "draw") {
      this.map.pm.enableDraw("Polygon", {
        pathOptions: { renderer: zoneRenderer(this.map) },
      } as never);
    } else if (mode === "cut" && this.layer) {
      this.map.pm.enableDraw("Cut", { layersToCut: [this.layer] } as never);
    } else if (mode === "edit" && this.layer) {
      this.layer.pm.enable({ snappable: this.snaps, allowSelfIntersection: true } as never);
    }
    this.tellMode();
  }

  zoomTo(): void {
    if (this.layer) this.map.fitBounds(this.layer.getBounds(), this.room());
  }

  zoomToPart(index: number): void {
    const rings = partsOf(this.shape)[index];
    if (!rings) return;
    const corners = (rings[0] ?? []).map(([lon, lat]) => L.latLng(lat ?? 0, lon ?? 0));
    this.map.fitBounds(L.latLngBounds(corners), this.room());
  }

  /** Mark the places of faults; the first one can be zoomed to. */
  mark(problems: Problem[], repaired: GeoJSON.MultiPolygon | null): void {
    this.clearMarks();
    for (const problem of problems) {
      if (problem.lon === null || problem.lat === null) continue;
      L.marker([problem.lat, problem.lon], {
        pmIgnore: true,
        snapIgnore: true,
        keyboard: false,
        icon: L.divIcon({ className: "pl-fault", iconSize: [30, 30] }),
      } as L.MarkerOptions)
        .bindTooltip(problem.message, { direction: "top", offset: [0, -14] })
        .addTo(this.marks);
    }
    if (repaired) this.repaired = this.outline(repaired, token("--st-online", "#1d7f45"));
  }

  /** Show the offered repair in green, or hide it. */
  showRepair(shown: boolean): void {
    if (!this.repaired) return;
    if (shown) this.repaired.addTo(this.map);
    else this.repaired.remove();
  }

  zoomToPlace(problem: Problem): void {
    if (problem.lon === null || problem.lat === null) return;
    this.map.setView([problem.lat, problem.lon], Math.max(this.map.getZoom(), 18));
  }

  clearMarks(): void {
    this.marks.clearLayers();
    this.repaired?.remove();
    this.repaired = null;
  }

  private outline(shape: GeoJSON.Geometry, color: string): L.GeoJSON {
    return L.geoJSON(shape, {
      pmIgnore: true,
      snapIgnore: true,
      interactive: false,
      style: { color, weight: 3, dashArray: "7 5", fillOpacity: 0.12 },
    } as L.GeoJSONOptions);
  }

  /** Room for the panel: beside it on a wide screen, above it on a narrow one. */
  room(): L.FitBoundsOptions {
    const panel = document.getElementById("pl-panel");
    const wide = window.matchMedia("(min-width: 761px)").matches;
    const box = panel?.getBoundingClientRect();
    return {
      paddingTopLeft: [wide ? (box?.width ?? 0) + 36 : 24, wide ? 110 : 72],
      paddingBottomRight: [wide ? 60 : 24, wide ? 50 : (box?.height ?? 0) + 20],
      maxZoom: 18,
    };
  }

  private drawn(layer: L.Polygon): void {
    layer.remove();
    const added = partsOf(fromLayer(layer));
    this.remember();
    this.show(fromParts([...partsOf(this.shape), ...added]));
    this.setMode("edit");
  }

  private cutDone(result: L.Layer): void {
    const parts: GeoJSON.Position[][][] = [];
    const collect = (layer: L.Layer): void => {
      if (layer instanceof L.Polygon) parts.push(...partsOf(fromLayer(layer)));
      else if (layer instanceof L.LayerGroup) layer.eachLayer(collect);
      layer.remove();
    };
    this.remember();
    collect(result);
    this.layer?.remove();
    this.layer = null;
    this.show(fromParts(parts));
    this.setMode(this.shape ? "edit" : "draw");
  }

  private sketchDone(layer: L.Polyline | null): void {
    const done = this.sketched;
    this.sketched = null;
    layer?.remove();
    if (this.mode === "sketch") this.mode = "view";
    this.tellMode();
    done?.(layer ? layer.toGeoJSON(7).geometry : null);
  }

  private settle(): void {
    if (this.map.pm.globalDrawModeEnabled()) return;
    if (this.sketched) this.sketchDone(null);
    else if (this.mode === "draw" || this.mode === "cut") this.setMode(this.layer ? "edit" : "view");
  }

  private tellMode(): void {
    this.onMode(this.mode);
    for (const watcher of this.modeWatchers) watcher(this.mode);
  }

  private meanwhile(work: () => Promise<void>): void {
    this.beside = this.beside.then(work);
  }

  private remember(beside?: Beside): void {
    this.adjusting = "";
    this.past.push({ shape: this.shape, beside });
    if (this.past.length > UNDO_STEPS) this.past.shift();
    this.future = [];
  }

  private show(shape: GeoJSON.MultiPolygon | null): void {
    this.shape = shape;
    this.redraw();
    if (this.mode === "edit") this.layer?.pm.enable({ snappable: this.snaps } as never);
    this.onChange(shape);
  }

  private redraw(): void {
    this.layer?.pm.disable();
    this.layer?.remove();
    this.layer = null;
    if (!this.shape) return;
    const color = statusColor("DRAFT");
    this.layer = L.polygon(toLatLngs(this.shape), {
      renderer: zoneRenderer(this.map),
      color,
      weight: 3,
      fillColor: color,
      fillOpacity: 0.13,
      className: "pl-working",
    }).addTo(this.map);
    this.layer.on("pm:edit", () => {
      if (!this.layer) return;
      const drawn = fromLayer(this.layer);
      // Geoman tells one move of a corner more than once.
      if (JSON.stringify(drawn) === JSON.stringify(this.shape)) return;
      this.remember();
      this.shape = drawn;
      this.onChange(this.shape);
    });
    this.layer.on("pm:remove", () => this.replace(null));
  }
}
