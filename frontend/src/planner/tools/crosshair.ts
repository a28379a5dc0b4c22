// Drawing without a mouse: a crosshair on the map, moved by the arrow keys. It speaks to Geoman in
// the mouse's words (moves and clicks of the map), so snapping and hints are the same for both.

import { L } from "../../shared/map";
import { byId, icon, number, word } from "../dom";
import { view } from "../panel";
import type { Desk } from "../desk";

const STEP_PX = 8;
const BIG_STEP_PX = 40;
const MARGIN_PX = 26;
const LABEL_PX = 230;

/** What Geoman's drawing of a line or polygon offers beside its public part. */
interface Drawing {
  _finishShape: () => void;
  _removeLastVertex: () => void;
  _layer: L.Polyline;
  _markers: L.Marker[] | undefined;
  _hintMarker: L.Marker;
}

/** What is being drawn now, if anything. */
export function drawingOn(map: L.Map): Drawing | null {
  const pm = map.pm as unknown as { Draw: Record<string, unknown> & { getActiveShape(): string } };
  const shape = pm.Draw.getActiveShape();
  return shape ? ((pm.Draw[shape] as Drawing | undefined) ?? null) : null;
}

/** The corners set so far. */
export function drawnCorners(map: L.Map): L.LatLng[] {
  return (drawingOn(map)?._markers ?? []).map((marker) => marker.getLatLng());
}

/** Move or click as a mouse would, at a place of the map. */
export function mouseAt(map: L.Map, kind: "mousemove" | "click", latlng: L.LatLng, cause: Event): void {
  map.fire(kind, {
    latlng,
    layerPoint: map.latLngToLayerPoint(latlng),
    containerPoint: map.latLngToContainerPoint(latlng),
    originalEvent: cause,
  });
}

export function focusMap(): void {
  byId("pl-map").dispatchEvent(new CustomEvent("pl:crosshair"));
}

export class Crosshair {
  private point: L.Point | null = null;
  private readonly mark = byId("pl-crosshair");
  private readonly map: L.Map;

  constructor(private readonly planner: Desk) {
    this.map = planner.map;
    const container = this.map.getContainer();
    container.addEventListener("pl:crosshair", () => this.begin());
    // Before Leaflet, which would pan.
    container.addEventListener("keydown", (event) => this.onKey(event), { capture: true });
    container.addEventListener("pointermove", (event) => {
      if (event.isTrusted) this.giveWay();
    });
    planner.editor.modeWatchers.add((mode) => {
      if (mode === "view" || mode === "edit") this.hide();
    });
    document.addEventListener("click", (event) => {
      const button = event.target instanceof Element ? event.target.closest("button") : null;
      // A press of Enter or Space on a button is a click without a pointer.
      if (event.detail !== 0 || !button?.matches("#pl-new,[data-mode=draw],[data-mode=cut]")) return;
      // The button's own listener has run. At once: the next keys may be on their way already.
      this.begin();
    });
  }

  private get draws(): boolean {
    return drawingOn(this.map) !== null;
  }

  private begin(): void {
    if (!this.draws) return;
    this.map.getContainer().focus({ preventScroll: true });
    this.point = this.middle();
    this.move(new Event("keydown"));
  }

  private hide(): void {
    this.point = null;
    this.mark.hidden = true;
    this.map.getContainer().classList.remove("is-by-keys");
  }

  /** The mouse goes on with the drawing: the keys, and the hint, are those of the mouse again. */
  private giveWay(): void {
    if (!this.point) return;
    this.hide();
    this.planner.form.showHint();
  }

  /** The part of the map that the panel leaves free. */
  private free(): L.Bounds {
    const { paddingTopLeft, paddingBottomRight } = this.planner.editor.room();
    const [left, top] = paddingTopLeft as [number, number];
    const [right, bottom] = paddingBottomRight as [number, number];
    const size = this.map.getSize();
    return L.bounds([left, top], [size.x - right, size.y - bottom]);
  }

  private middle(): L.Point {
    return this.free().getCenter().round();
  }

  private onKey(event: KeyboardEvent): void {
    if (!this.draws || event.ctrlKey || event.metaKey) return;
    const steps: Record<string, [number, number]> = {
      ArrowLeft: [-1, 0],
      ArrowRight: [1, 0],
      ArrowUp: [0, -1],
      ArrowDown: [0, 1],
    };
    const step = steps[event.key];
    const known = step || event.key === "Backspace" || (this.point && this.isAct(event.key));
    if (!known) return;
    event.preventDefault();
    event.stopPropagation();
    // A key held down walks on, but it sets one corner, and does not end what it began.
    if (event.repeat && this.isAct(event.key)) return;
    if (step) this.walk(step, event);
    else if (event.key === "Backspace") this.takeBack();
    else if (event.key === "Escape") this.end();
    else this.set(event);
  }

  private isAct(key: string): boolean {
    return key === "Enter" || key === " " || key === "Escape";
  }

  private walk([x, y]: [number, number], event: KeyboardEvent): void {
    const reach = event.shiftKey ? BIG_STEP_PX : STEP_PX;
    const wanted = (this.point ?? this.middle()).add([x * reach, y * reach]);
    const free = this.free();
    const least = free.min?.add([MARGIN_PX, MARGIN_PX]) ?? wanted;
    const most = free.max?.subtract([MARGIN_PX, MARGIN_PX]) ?? wanted;
    const kept = L.point(
      Math.min(Math.max(wanted.x, least.x), most.x),
      Math.min(Math.max(wanted.y, least.y), most.y),
    );
    // At the edge the map moves instead of the crosshair.
    this.map.panBy(wanted.subtract(kept), { animate: false });
    this.point = kept;
    this.move(event);
  }

  private move(cause: Event): void {
    if (!this.point) return;
    const latlng = this.map.containerPointToLatLng(this.point);
    mouseAt(this.map, "mousemove", latlng, cause);
    if (this.mark.hidden) this.explain();
    this.mark.hidden = false;
    this.mark.classList.toggle("is-left", this.point.x > this.map.getSize().x - LABEL_PX);
    this.mark.style.transform = `translate(${this.point.x}px, ${this.point.y}px)`;
    const corners = drawnCorners(this.map);
    const last = corners[corners.length - 1];
    const place = `${latlng.lat.toFixed(5)}, ${latlng.lng.toFixed(5)}`;
    const away = last ? ` · ${number(this.map.distance(last, latlng))} ${word("m")}` : "";
    byId("pl-crosshair-text").textContent = place + away;
  }

  /** The hint speaks of keys instead of clicks, and Geoman's hint at the mouse is not shown. */
  private explain(): void {
    this.map.getContainer().classList.add("is-by-keys");
    byId("pl-hint").replaceChildren(icon("info"), word("mode_keys"));
    byId("pl-hint").hidden = false;
  }

  private set(event: KeyboardEvent): void {
    if (!this.point) return;
    const latlng = this.map.containerPointToLatLng(this.point);
    mouseAt(this.map, "click", latlng, event);
    if (!this.draws) {
      this.finished();
      return;
    }
    this.speak(word("corner_set", { number: Math.max(1, drawnCorners(this.map).length) }));
    this.move(event);
  }

  private takeBack(): void {
    takeBackCorner(this.planner);
    this.speak(word("corner_taken_back", { count: drawnCorners(this.map).length }));
  }

  private end(): void {
    finishDrawing(this.planner);
    this.finished();
  }

  /** The keyboard goes on in the panel. */
  private finished(): void {
    this.hide();
    if (view() !== "edit") return;
    const name = byId<HTMLInputElement>("pl-name");
    (name.value ? byId("pl-edit-title") : name).focus();
  }

  private speak(text: string): void {
    byId("pl-spoken").textContent = text;
  }
}

/** End what is being drawn: taken when it has corners enough, else given up. */
export function finishDrawing(planner: Desk): void {
  const drawing = drawingOn(planner.map);
  if (!drawing) return;
  const line = planner.map.pm.Draw.getActiveShape() === "Line";
  if (drawing._markers && drawing._markers.length >= (line ? 2 : 3)) drawing._finishShape();
  else cancelDrawing(planner);
}

export function cancelDrawing(planner: Desk): void {
  const { editor } = planner;
  if (editor.mode === "sketch") editor.setMode("view");
  else editor.setMode(editor.current ? "edit" : "view");
}

/** Take the last corner back; the first one too, without ending the drawing. */
export function takeBackCorner(planner: Desk): void {
  const drawing = drawingOn(planner.map);
  if (!drawing?._markers?.length) return;
  if (drawing._markers.length > 1) drawing._removeLastVertex();
  else if (planner.editor.mode !== "sketch") planner.editor.setMode(planner.editor.mode);
}
