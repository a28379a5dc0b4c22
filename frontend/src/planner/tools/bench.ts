// One tool at a time: its inputs in the panel, its preview on the map, then "use it" or "cancel".

import { L, token } from "../../shared/map";
import { ApiError, type Shape } from "../api";
import { byId, h, icon, say, word } from "../dom";
import type { Beside, Sketch } from "../editor";
import { lowerSheet, raiseSheet, show, view } from "../panel";
import type { Desk } from "../desk";
import { boundsOf } from "../shapes";
import type { Preview, ToolContext } from "./api";
import { focusMap } from "./crosshair";
import { movesTable, sizeText, sumText } from "./figures";

const ASK_DELAY_MS = 250;

export interface Outcome {
  /** What the outline becomes; null while the planner still has to choose something. */
  shape: GeoJSON.MultiPolygon | null;
  shown: Preview | null;
  notes?: (HTMLElement | string)[];
  /** Draws more than the one shape: the pieces of a split. */
  layers?: L.Layer[];
}

export interface Tool {
  name: string;
  needsOutline: boolean;
  /** The inputs, made anew each time; they call `bench.changed()`. */
  inputs: (bench: Bench) => HTMLElement[];
  /** The preview, or null when nothing is chosen yet. */
  ask: (bench: Bench, signal: AbortSignal) => Promise<Outcome | null>;
  /** What else has to happen before the outline is taken (drafts of other zones), and its undoing. */
  beforeUse?: (bench: Bench) => Promise<Beside | undefined>;
  /** What is said when it is done. */
  done?: () => string;
  close?: (bench: Bench) => void;
}

export class Bench {
  private tool: Tool | null = null;
  private readonly layers = L.layerGroup();
  private timer = 0;
  private running: AbortController | null = null;
  private outcome: Outcome | null = null;

  constructor(readonly planner: Desk) {
    this.layers.addTo(planner.map);
    byId("pl-tool-cancel").addEventListener("click", () => this.cancel());
    byId("pl-tool-back").addEventListener("click", () => this.cancel());
    byId("pl-tool-use").addEventListener("click", () => void this.use());
    byId("pl-panel").addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || view() !== "tool" || event.defaultPrevented) return;
      this.cancel();
    });
  }

  get outline(): GeoJSON.MultiPolygon | null {
    return this.planner.editor.current;
  }

  get context(): ToolContext {
    return { ...this.planner.form.against, changeset_id: this.planner.workingChangeset };
  }

  open(tool: Tool): void {
    if (tool.needsOutline && !this.outline) {
      say(word("tool_needs_outline"), "error");
      return;
    }
    this.reset();
    this.tool = tool;
    this.planner.pause();
    byId("pl-tool-title").textContent = word(`tool_${tool.name}`);
    byId("pl-tool-help").textContent = word(`tool_${tool.name}_help`);
    byId("pl-tool-inputs").replaceChildren(...tool.inputs(this));
    show("tool");
    raiseSheet();
    this.changed(0);
  }

  /** The inputs are others now: ask for a preview soon. */
  changed(delay = ASK_DELAY_MS): void {
    window.clearTimeout(this.timer);
    this.running?.abort();
    byId<HTMLButtonElement>("pl-tool-use").disabled = true;
    this.timer = window.setTimeout(() => void this.ask(), delay);
  }

  /** Let the planner draw for the tool; the panel makes room on a narrow screen meanwhile. */
  async sketch(kind: Sketch, byKeyboard: boolean): Promise<GeoJSON.Geometry | null> {
    lowerSheet();
    const drawing = this.planner.editor.sketch(kind);
    if (byKeyboard) focusMap();
    const drawn = await drawing;
    if (this.tool) {
      raiseSheet();
      if (byKeyboard) byId("pl-tool-title").focus({ preventScroll: true });
    }
    return drawn;
  }

  fail(error: unknown): void {
    if (error instanceof DOMException && error.name === "AbortError") return;
    if (!(error instanceof ApiError)) throw error;
    const box = byId("pl-tool-error");
    box.replaceChildren(h("p", {}, icon("alert"), h("span", {}, error.message)));
    box.hidden = false;
  }

  /** Put everything away without a word; the planner goes elsewhere. */
  reset(): void {
    window.clearTimeout(this.timer);
    this.running?.abort();
    this.tool?.close?.(this);
    this.tool = null;
    this.outcome = null;
    this.clear();
  }

  private cancel(): void {
    this.reset();
    this.leave();
  }

  private leave(): void {
    this.planner.toEdit();
    byId("pl-tools-button").focus({ preventScroll: true });
  }

  private clear(): void {
    this.layers.clearLayers();
    byId("pl-tool-error").hidden = true;
    byId("pl-tool-busy").hidden = true;
    byId("pl-tool-result").replaceChildren();
    byId("pl-tool-sum").textContent = "";
    byId<HTMLButtonElement>("pl-tool-use").disabled = true;
  }

  private async ask(): Promise<void> {
    const { tool } = this;
    if (!tool) return;
    const running = new AbortController();
    this.running = running;
    byId("pl-tool-busy").hidden = false;
    try {
      const outcome = await tool.ask(this, running.signal);
      if (running !== this.running || running.signal.aborted) return;
      const focused = inputsOf(byId("pl-tool-result")).indexOf(document.activeElement as HTMLElement);
      this.clear();
      this.outcome = outcome;
      if (outcome) this.showOutcome(outcome);
      if (focused >= 0) inputsOf(byId("pl-tool-result"))[focused]?.focus({ preventScroll: true });
    } catch (error) {
      if (running.signal.aborted) return;
      this.clear();
      this.outcome = null;
      this.fail(error);
    }
  }

  private showOutcome(outcome: Outcome): void {
    for (const layer of outcome.layers ?? []) this.layers.addLayer(layer);
    if (outcome.shown && !outcome.layers) this.layers.addLayer(previewLayer(outcome.shown.geometry));
    const seen = outcome.shown?.geometry ?? (outcome.layers?.length ? this.outline : null);
    if (seen) this.bringIntoView(seen);
    const box = byId("pl-tool-result");
    if (outcome.shown) {
      byId("pl-tool-sum").textContent = sumText(outcome.shown);
      box.append(h("p", { class: "pl-size" }, sizeText(outcome.shown)), movesTable(outcome.shown));
    }
    for (const note of outcome.notes ?? []) {
      box.append(typeof note === "string" ? h("p", { class: "pl-note" }, note) : note);
    }
    byId<HTMLButtonElement>("pl-tool-use").disabled = outcome.shape === null;
  }

  private bringIntoView(shape: Shape): void {
    const { map, editor } = this.planner;
    const bounds = boundsOf(shape);
    if (!map.getBounds().contains(bounds)) map.fitBounds(bounds, editor.room());
  }

  private async use(): Promise<void> {
    const { tool, outcome } = this;
    if (!tool || !outcome?.shape) return;
    const button = byId<HTMLButtonElement>("pl-tool-use");
    button.disabled = true;
    let beside: Beside | undefined;
    try {
      beside = await tool.beforeUse?.(this);
    } catch (error) {
      button.disabled = false;
      this.fail(error);
      return;
    }
    if (this.tool !== tool) return;
    const text = tool.done?.() ?? word("tool_done");
    this.reset();
    this.planner.editor.replace(outcome.shape, beside);
    this.leave();
    say(text);
  }
}

/** What is made anew with each preview keeps the focus at the same place. */
function inputsOf(box: HTMLElement): HTMLElement[] {
  return [...box.querySelectorAll<HTMLElement>("input,button")];
}

/** The outline that a tool would make: a strong line in the brand's colour over everything. */
export function previewLayer(shape: Shape, color = token("--brand", "#0b6b61")): L.GeoJSON {
  return L.geoJSON(shape, {
    pmIgnore: true,
    snapIgnore: true,
    interactive: false,
    style: { color, weight: 4, fillColor: color, fillOpacity: 0.28, className: "pl-preview" },
  } as L.GeoJSONOptions);
}
