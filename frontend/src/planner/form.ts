// The form of one zone and the live check of its outline.

import { api, ApiError, type Against, type Check, type DraftBody, type Problem, type ZoneInfo } from "./api";
import { area, byId, counted, h, icon, number, word } from "./dom";
import type { Editor, Mode } from "./editor";
import { raiseSheet, showErrors, showProblems, statusOptions } from "./panel";
import { partsOf, pointCount, roughArea } from "./shapes";
import { movesTable } from "./tools/figures";

const CHECK_DELAY_MS = 300;

export class Form {
  private readonly form = byId<HTMLFormElement>("pl-form");
  private timer = 0;
  private running: AbortController | null = null;
  revision = 0;
  zoneId: number | null = null;
  /** Counts changes, so that a late answer can tell whether it is about what is there now. */
  edition = 0;
  private isTouched = false;
  problems: Problem[] = [];
  onOutline: () => void = () => undefined;
  onEdited: () => void = () => undefined;
  onChecked: (check: Check | null) => void = () => undefined;
  onSubmit: (body: DraftBody) => void = () => undefined;

  constructor(private readonly editor: Editor) {
    editor.onChange = () => {
      this.touched = true;
      this.outlineChanged();
      this.onEdited();
    };
    editor.onMode = (mode) => this.showMode(mode);
    this.form.addEventListener("input", () => {
      this.touched = true;
      this.onEdited();
    });
    byId("pl-network").addEventListener("change", () => this.outlineChanged());
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.submit();
    });
    this.startTools();
  }

  get touched(): boolean {
    return this.isTouched;
  }

  set touched(is: boolean) {
    this.isTouched = is;
    if (is) this.edition += 1;
  }

  /** What is stored now is this zone; what was typed since stays, and is saved on top of it. */
  goOnFrom(zone: ZoneInfo): void {
    this.revision = zone.revision;
    this.zoneId = zone.zone_id;
  }

  /** Fill in a zone's attributes, or the defaults of a new one. */
  fill(zone: ZoneInfo | null, oldStatus: string | null, published: boolean): void {
    this.form.reset();
    showErrors({});
    this.revision = zone?.revision ?? 0;
    this.zoneId = zone?.zone_id ?? null;
    byId<HTMLInputElement>("pl-name").value = zone?.name ?? "";
    byId<HTMLSelectElement>("pl-network").value = zone?.network_type ?? "GPON";
    byId<HTMLSelectElement>("pl-network").disabled = published;
    byId<HTMLInputElement>("pl-priority").value = String(zone?.priority ?? 0);
    byId<HTMLInputElement>("pl-planned").value = zone?.planned_for_date ?? "";
    // The words of the version on the map are about that version: a new change has its own.
    byId<HTMLTextAreaElement>("pl-comment").value = zone?.kind === "draft" ? zone.comment : "";
    statusOptions(oldStatus, zone?.status ?? "PLANNED");
    this.touched = false;
    window.setTimeout(() => this.outlineChanged(), 0);
  }

  close(): void {
    window.clearTimeout(this.timer);
    this.running?.abort();
    this.touched = false;
    byId("pl-problems").hidden = true;
  }

  body(): DraftBody {
    const value = (id: string): string => byId<HTMLInputElement>(id).value.trim();
    return {
      name: value("pl-name"),
      network_type: value("pl-network"),
      status: value("pl-status"),
      priority: Number(value("pl-priority") || 0),
      planned_for_date: value("pl-planned") || null,
      comment: value("pl-comment"),
      geometry: this.editor.current ?? "",
    };
  }

  /** Put back what was typed but not saved. */
  restore(body: DraftBody, revision: number): void {
    this.revision = revision;
    const values: [string, string][] = [
      ["pl-status", body.status],
      ["pl-name", body.name],
      ["pl-network", body.network_type],
      ["pl-priority", String(body.priority)],
      ["pl-planned", body.planned_for_date ?? ""],
      ["pl-comment", body.comment],
    ];
    for (const [id, value] of values) byId<HTMLInputElement>(id).value = value;
    this.touched = true;
  }

  get against(): Against {
    return { zone_id: this.zoneId, network_type: byId<HTMLSelectElement>("pl-network").value };
  }

  /** Figures of an outline that is not finished yet: what it would hold if it ended here. */
  foresee(shape: GeoJSON.MultiPolygon): void {
    window.clearTimeout(this.timer);
    this.running?.abort();
    this.timer = window.setTimeout(() => void this.check(shape), CHECK_DELAY_MS);
  }

  /** A fault that the server told when saving: as the live check would show it. */
  showFault(context: Record<string, unknown>): void {
    const problems = (context.problems ?? []) as Problem[];
    this.showCheckProblems(problems, (context.repaired ?? null) as GeoJSON.MultiPolygon | null);
    raiseSheet();
  }

  private submit(): void {
    const body = this.body();
    if (!this.editor.current) {
      showErrors({ "": word("nothing_drawn") });
      return;
    }
    showErrors({});
    this.onSubmit(body);
  }

  private outlineChanged(): void {
    byId<HTMLButtonElement>("pl-undo").disabled = !this.editor.canUndo;
    byId<HTMLButtonElement>("pl-redo").disabled = !this.editor.canRedo;
    this.showParts();
    this.onOutline();
    window.clearTimeout(this.timer);
    this.running?.abort();
    this.editor.clearMarks();
    this.problems = [];
    byId("pl-problems").hidden = true;
    if (!this.editor.current) {
      byId("pl-moves").replaceChildren();
      byId("pl-count").textContent = "—";
      byId("pl-count-text").textContent = word("nothing_drawn");
      byId("pl-figures").textContent = "";
      this.onChecked(null);
      return;
    }
    byId("pl-figures").textContent = word("checking");
    this.timer = window.setTimeout(() => void this.check(), CHECK_DELAY_MS);
  }

  private async check(foreseen: GeoJSON.MultiPolygon | null = null): Promise<void> {
    const shape = foreseen ?? this.editor.current;
    if (!shape) return;
    const running = new AbortController();
    this.running = running;
    try {
      const check = await api.check(shape, running.signal, this.against);
      if (running !== this.running || running.signal.aborted) return;
      this.showFigures(check, shape);
      if (foreseen) return;
      this.showCheckProblems(check.problems, check.repaired);
    } catch (error) {
      if (error instanceof ApiError) byId("pl-figures").textContent = error.message;
    }
  }

  private showFigures(check: Check, shape: GeoJSON.MultiPolygon): void {
    byId("pl-count").textContent = check.buildings === null ? "—" : number(check.buildings);
    byId("pl-count-text").textContent =
      check.buildings === null ? "" : counted("buildings", check.buildings).replace(/^[\d\s ]+/, "");
    const figures = [
      check.area_m2 === null ? "" : area(check.area_m2),
      check.points === null ? "" : counted("points", pointCount(shape)),
      check.valid ? word("outline_ok") : "",
    ];
    byId("pl-figures").textContent = figures.filter(Boolean).join(" · ");
    byId("pl-moves").replaceChildren(movesTable(check));
    this.onChecked(check);
  }

  private showCheckProblems(problems: Problem[], repaired: GeoJSON.MultiPolygon | null): void {
    this.problems = problems;
    this.editor.mark(problems, repaired);
    showProblems(byId("pl-problems"), problems, {
      onZoom: (problem) => this.editor.zoomToPlace(problem),
      onRepair: repaired ? () => this.editor.replace(repaired) : undefined,
      onPeek: (shown) => this.editor.showRepair(shown),
    });
  }

  /** Parts of the outline, so that each can be found and removed without the mouse. */
  private showParts(): void {
    const parts = partsOf(this.editor.current);
    const box = byId("pl-parts");
    box.replaceChildren();
    if (parts.length < 2 && (parts[0]?.length ?? 0) < 2) return;
    const button = (text: string, onclick: () => void): HTMLElement =>
      h("button", { type: "button", class: "pl-link", onclick }, text);
    parts.forEach((rings, index) => {
      box.append(
        h(
          "div",
          { class: "pl-part" },
          h("span", {}, word("part", { number: index + 1 }), " · ", area(roughArea(rings))),
          button(word("show"), () => this.editor.zoomToPart(index)),
          rings.length > 1 ? button(word("fill_holes"), () => this.editor.removeHoles(index)) : null,
          parts.length > 1 ? button(word("remove"), () => this.editor.removePart(index)) : null,
        ),
      );
    });
  }

  private showMode(mode: Mode): void {
    for (const button of document.querySelectorAll<HTMLButtonElement>("#pl-tools [data-mode]")) {
      button.setAttribute("aria-pressed", String(button.dataset.mode === mode));
      button.disabled = button.dataset.mode !== "draw" && !this.editor.current;
    }
    this.showHint();
  }

  /** What the mouse does now. */
  showHint(): void {
    const { mode } = this.editor;
    const hint = byId("pl-hint");
    const text = word(`mode_${mode}`);
    hint.hidden = !text;
    hint.dataset.mode = mode;
    hint.replaceChildren(icon("info"), text);
  }

  private startTools(): void {
    for (const button of document.querySelectorAll<HTMLButtonElement>("#pl-tools [data-mode]")) {
      button.addEventListener("click", () => this.editor.setMode(button.dataset.mode as Mode));
    }
    byId("pl-undo").addEventListener("click", () => this.editor.undo());
    byId("pl-redo").addEventListener("click", () => this.editor.redo());
    document.addEventListener("keydown", (event) => {
      if (byId("pl-tools").hidden) return;
      const typing = event.target instanceof Element && event.target.matches("input,textarea,select");
      // The physical key, so that the Ukrainian layout works as the English one.
      const key = event.code === "KeyZ" ? "z" : event.code === "KeyY" ? "y" : "";
      if (event.key === "Escape" && (this.editor.mode === "draw" || this.editor.mode === "cut")) {
        this.editor.setMode(this.editor.current ? "edit" : "view");
      } else if (!typing && (event.ctrlKey || event.metaKey) && key) {
        event.preventDefault();
        if (key === "y" || event.shiftKey) this.editor.redo();
        else this.editor.undo();
      }
    });
  }
}
