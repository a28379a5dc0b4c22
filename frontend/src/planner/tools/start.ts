// Puts the drawing tools on the page: menu, snapping, crosshair, corners, keys, live counters.

import { byId, say, word } from "../dom";
import type { Mode } from "../editor";
import { lowerSheet, view } from "../panel";
import type { Desk } from "../desk";
import { fromParts, partsOf } from "../shapes";
import { Along } from "./along";
import { Around } from "./around";
import { Bench, type Tool } from "./bench";
import { Corners } from "./corners";
import { cancelDrawing, Crosshair, drawnCorners, finishDrawing, takeBackCorner } from "./crosshair";
import { ToolsMenu } from "./menu";
import { Repair, Simplify } from "./outline";
import { Split } from "./split";
import { Merge, Subtract, Trim } from "./zones";

export function startTools(planner: Desk): Bench {
  const bench = new Bench(planner);
  const tools: Tool[] = [
    new Split(),
    new Merge(),
    new Subtract(),
    new Trim(),
    new Along(),
    new Around(),
    new Simplify(),
    new Repair(),
  ];
  const menu = new ToolsMenu(planner, bench, tools);
  const corners = new Corners(planner);
  new Crosshair(planner);
  planner.form.onOutline = () => corners.refresh();
  startSnapping(planner);
  startActs(planner);
  startSketchCounters(planner);
  startKeys(planner, menu);
  return bench;
}

/** On or off for good by the button; off while Alt is held (Geoman sees to that). */
function startSnapping(planner: Desk): void {
  const button = byId("pl-snap");
  button.addEventListener("click", () => {
    const on = !planner.editor.snapping;
    planner.editor.setSnapping(on);
    button.setAttribute("aria-pressed", String(on));
    say(word(on ? "snap_on" : "snap_off"));
  });
}

/** While something is drawn: take a corner back, finish, cancel; for fingers and for everybody. */
function startActs(planner: Desk): void {
  const box = byId("pl-draw-acts");
  byId("pl-draw-back").addEventListener("click", () => takeBackCorner(planner));
  byId("pl-draw-finish").addEventListener("click", () => finishDrawing(planner));
  byId("pl-draw-cancel").addEventListener("click", () => cancelDrawing(planner));
  planner.editor.modeWatchers.add((mode: Mode) => {
    const draws = mode === "draw" || mode === "cut" || mode === "sketch";
    if (draws && box.hidden) lowerSheet();
    box.hidden = !draws;
    showActs(planner);
  });
}

function showActs(planner: Desk): void {
  const corners = drawnCorners(planner.map).length;
  const least = planner.map.pm.Draw.getActiveShape() === "Line" ? 2 : 3;
  byId<HTMLButtonElement>("pl-draw-back").disabled = corners === 0;
  byId<HTMLButtonElement>("pl-draw-finish").disabled = corners < least;
}

/** Figures follow each corner of an outline that is not finished, and each dragged one. */
function startSketchCounters(planner: Desk): void {
  const { map, editor, form, keep } = planner;
  const changed = (): void => {
    showActs(planner);
    if (editor.mode !== "draw") return;
    form.touched = true;
    keep.note();
    const ring = drawnCorners(map).map(({ lng, lat }) => [lng, lat]);
    const [first] = ring;
    if (!first || ring.length < 3) return;
    const shape = fromParts([...partsOf(editor.current), [[...ring, first]]]);
    if (shape) form.foresee(shape);
  };
  map.on("pm:drawstart", (event) => {
    event.workingLayer.on("pm:vertexadded pm:vertexremoved", changed as L.LeafletEventHandlerFn);
  });
}

/** One-key shortcuts; physical keys, so that the Ukrainian layout works as the English one. */
function startKeys(planner: Desk, menu: ToolsMenu): void {
  const press: Record<string, string> = {
    KeyV: "[data-mode=edit]",
    KeyD: "[data-mode=draw]",
    KeyX: "[data-mode=cut]",
    KeyN: "#pl-snap",
  };
  let problem = -1;
  document.addEventListener("keydown", (event) => {
    const typing = event.target instanceof Element && event.target.matches("input,textarea,select");
    if (event.code === "F8" && view() === "edit") {
      const { problems } = planner.form;
      if (!problems.length) return;
      event.preventDefault();
      problem = (problem + (event.shiftKey ? -1 : 1) + problems.length) % problems.length;
      const found = problems[problem];
      if (found) planner.editor.zoomToPlace(found);
      if (found) say(found.message);
      return;
    }
    if (typing || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
    if (byId("pl-tools").hidden || document.querySelector("dialog[open]")) return;
    const selector = press[event.code];
    if (event.code === "KeyT") menu.open();
    else if (selector) byId("pl-tools").querySelector<HTMLButtonElement>(selector)?.click();
    else return;
    event.preventDefault();
  });
}
