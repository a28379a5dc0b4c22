// The ground along a street or any line, so many metres to each side.

import { h, word } from "../dom";
import { toolApi, type Suggestion } from "./api";
import type { Bench, Outcome, Tool } from "./bench";
import { chips, choiceField, drawButton, numberField, placeField, type ChoiceField, type NumberField } from "./fields";

const MAX_STREETS = 50;

/** Whether the new shape is added to the outline or takes its place; only where there is one. */
export function addField(bench: Bench, onChange: () => void): ChoiceField | null {
  if (!bench.outline) return null;
  const options: [string, string][] = [
    ["add", word("to_outline_add")],
    ["instead", word("to_outline_instead")],
  ];
  return choiceField(word("to_outline"), options, "add", onChange);
}

export class Along implements Tool {
  readonly name = "along";
  readonly needsOutline = false;
  private readonly streets = new Map<number, string>();
  private line: GeoJSON.Geometry | null = null;
  private width: NumberField | null = null;
  private how: ChoiceField | null = null;
  private readonly list = h("ul", { class: "pl-chips" });

  inputs(bench: Bench): HTMLElement[] {
    this.streets.clear();
    this.line = null;
    const again = (): void => bench.changed();
    this.width = numberField(word("along_width"), word("m"), 30, { min: 1, max: 1000, step: 5 }, again);
    this.how = addField(bench, again);
    const pick = (id: number, label: string): void => {
      this.line = null;
      if (this.streets.has(id)) this.streets.delete(id);
      else if (this.streets.size < MAX_STREETS) this.streets.set(id, label);
      this.showList(bench);
    };
    bench.planner.streets.onPick = pick;
    const field = placeField(word("along_street"), (place: Suggestion) => {
      if (!this.streets.has(place.street_id)) pick(place.street_id, place.label);
    });
    const draw = async (byKeyboard: boolean): Promise<void> => {
      const drawn = await bench.sketch("Line", byKeyboard);
      if (!drawn) return;
      this.streets.clear();
      this.line = drawn;
      this.showList(bench);
    };
    const button = drawButton(word("along_draw"), "line", (byKeyboard) => void draw(byKeyboard));
    const parts = [field, this.list, h("div", { class: "pl-field" }, button), this.width.element];
    this.list.replaceChildren();
    return this.how ? [...parts, this.how.element] : parts;
  }

  async ask(bench: Bench, signal: AbortSignal): Promise<Outcome | null> {
    if (!this.line && !this.streets.size) return null;
    const preview = await toolApi.buffer(
      {
        ...bench.context,
        line: this.line,
        street_ids: this.line ? [] : [...this.streets.keys()],
        metres: this.width?.value() || 0,
        geometry: this.how?.value() === "add" ? bench.outline : null,
      },
      signal,
    );
    return { shape: preview.geometry, shown: preview };
  }

  close(bench: Bench): void {
    bench.planner.streets.onPick = null;
  }

  private showList(bench: Bench): void {
    const remove = (id: number): void => {
      if (id === 0) this.line = null;
      this.streets.delete(id);
      this.showList(bench);
    };
    const chosen: [number, string][] = this.line ? [[0, word("along_my_line")]] : [...this.streets];
    this.list.replaceChildren(...chips(chosen, remove));
    bench.planner.streets.mark(this.streets.keys());
    bench.changed(0);
  }
}
