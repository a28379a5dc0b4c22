// Tools that need nothing but the outline: fewer corners, and the repair of faults.

import { counted, h, icon, number, word } from "../dom";
import { pointCount } from "../shapes";
import { toolApi } from "./api";
import type { Bench, Outcome, Tool } from "./bench";
import { numberField, type NumberField } from "./fields";

export class Simplify implements Tool {
  readonly name = "simplify";
  readonly needsOutline = true;
  private metres: NumberField | null = null;

  inputs(bench: Bench): HTMLElement[] {
    const range = { min: 0.1, max: 500, step: 0.5 };
    this.metres = numberField(word("simplify_metres"), word("m"), 2, range, () => bench.changed());
    return [this.metres.element];
  }

  async ask(bench: Bench, signal: AbortSignal): Promise<Outcome | null> {
    const metres = this.metres?.value() ?? Number.NaN;
    if (!Number.isFinite(metres)) return null;
    const preview = await toolApi.simplify({ ...bench.context, geometry: bench.outline, metres }, signal);
    const before = pointCount(bench.outline);
    const after = pointCount(preview.geometry);
    const fewer = after < before;
    const note = fewer
      ? word("simplify_corners", { before: number(before), after: counted("points", after) })
      : word("simplify_same");
    return { shape: fewer ? preview.geometry : null, shown: preview, notes: [note] };
  }
}

export class Repair implements Tool {
  readonly name = "repair";
  readonly needsOutline = true;

  inputs(): HTMLElement[] {
    return [];
  }

  async ask(bench: Bench, signal: AbortSignal): Promise<Outcome | null> {
    const preview = await toolApi.repair({ ...bench.context, geometry: bench.outline }, signal);
    if (!preview.problems.length) return { shape: null, shown: null, notes: [word("repair_none")] };
    const faults = preview.problems.map((problem) => {
      const show = (): void => bench.planner.editor.zoomToPlace(problem);
      const place =
        problem.lat === null
          ? null
          : h("button", { type: "button", class: "pl-link", onclick: show }, word("zoom_to_problem"));
      return h("p", {}, icon("alert"), h("span", {}, problem.message, " ", place));
    });
    return {
      shape: preview.geometry,
      shown: preview,
      notes: [h("div", { class: "pl-problems" }, ...faults)],
    };
  }
}
