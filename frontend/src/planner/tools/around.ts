// A zone drawn around buildings: chosen by click, by a box or lasso, by typing, from the list.

import type { Shape } from "../api";
import { config, counted, h, word } from "../dom";
import type { Sketch } from "../editor";
import { boundsOf } from "../shapes";
import { addField } from "./along";
import { addressesIn, nameless, toolApi, type Suggestion } from "./api";
import type { Bench, Outcome, Tool } from "./bench";
import { chips, choiceField, drawButton, numberField, placeField, type ChoiceField, type NumberField } from "./fields";

const LISTED = 100;

export class Around implements Tool {
  readonly name = "around";
  readonly needsOutline = false;
  private readonly chosen = new Map<number, string>();
  private margin: NumberField | null = null;
  private tightness: ChoiceField | null = null;
  private how: ChoiceField | null = null;
  private readonly list = h("ul", { class: "pl-chips pl-buildings" });
  private readonly count = h("p", { class: "pl-fact", role: "status" });
  private click: ((event: L.LeafletMouseEvent) => void) | null = null;

  inputs(bench: Bench): HTMLElement[] {
    this.chosen.clear();
    const again = (): void => bench.changed();
    this.margin = numberField(word("around_margin"), word("m"), 10, { min: 1, max: 1000, step: 5 }, again);
    const options: [string, string][] = [
      ["0.2", word("around_loose")],
      ["0.5", word("around_middle")],
      ["0.8", word("around_tight")],
    ];
    this.tightness = choiceField(word("around_tightness"), options, "0.5", again);
    this.how = addField(bench, again);
    this.click = (event) => void this.clicked(bench, event);
    bench.planner.map.on("click", this.click);
    const draw = (text: string, iconName: string, kind: Sketch): HTMLElement =>
      drawButton(text, iconName, (byKeyboard) => void this.drawn(bench, kind, byKeyboard));
    const clear = h("button", { type: "button", class: "pl-link", onclick: () => this.clear(bench) }, word("around_clear"));
    this.showList(bench);
    return [
      h(
        "div",
        { class: "pl-field pl-acts" },
        draw(word("around_box"), "box", "Rectangle"),
        draw(word("around_lasso"), "lasso", "Polygon"),
      ),
      placeField(word("around_type"), (place) => void this.typed(bench, place)),
      h("div", { class: "pl-chosen" }, this.count, clear),
      this.list,
      this.margin.element,
      this.tightness.element,
      ...(this.how ? [this.how.element] : []),
    ];
  }

  async ask(bench: Bench, signal: AbortSignal): Promise<Outcome | null> {
    if (!this.chosen.size) return null;
    const preview = await toolApi.fromBuildings(
      {
        ...bench.context,
        building_ids: [...this.chosen.keys()],
        margin_m: this.margin?.value() || 0,
        tightness: Number(this.tightness?.value() || 0.5),
        geometry: this.how?.value() === "add" ? bench.outline : null,
      },
      signal,
    );
    const alone = this.how?.value() !== "add";
    const notes = alone && preview.others > 0 ? [counted("around_others", preview.others)] : [];
    return { shape: preview.geometry, shown: preview, notes };
  }

  close(bench: Bench): void {
    if (this.click) bench.planner.map.off("click", this.click);
    this.click = null;
    bench.planner.highlight([]);
  }

  private async clicked(bench: Bench, event: L.LeafletMouseEvent): Promise<void> {
    if (bench.planner.editor.mode === "sketch") return;
    try {
      const found = await toolApi.buildingUnder(event.latlng.lng, event.latlng.lat);
      if (found.building_id === null) return;
      if (!this.chosen.delete(found.building_id)) {
        this.chosen.set(found.building_id, found.address || nameless(found.building_id));
      }
      this.showList(bench);
    } catch (error) {
      bench.fail(error);
    }
  }

  private async drawn(bench: Bench, kind: Sketch, byKeyboard: boolean): Promise<void> {
    const shape = await bench.sketch(kind, byKeyboard);
    if (!shape) return;
    try {
      const found = await toolApi.figures({ ...bench.context, geometry: shape as Shape });
      const box = boundsOf(shape).toBBoxString();
      const names = await addressesIn(config.buildingsUrl, box);
      for (const id of found.building_ids) this.chosen.set(id, names.get(id) ?? nameless(id));
      this.showList(bench);
    } catch (error) {
      bench.fail(error);
    }
  }

  private async typed(bench: Bench, place: Suggestion): Promise<void> {
    if (place.building_id !== null) {
      this.chosen.set(place.building_id, place.label);
    } else {
      try {
        const found = await toolApi.streetBuildings(place.street_id);
        for (const id of found.building_ids) this.chosen.set(id, found.addresses[id] ?? nameless(id));
      } catch (error) {
        bench.fail(error);
      }
    }
    this.showList(bench);
  }

  private clear(bench: Bench): void {
    this.chosen.clear();
    this.showList(bench);
  }

  private showList(bench: Bench): void {
    const remove = (id: number): void => {
      this.chosen.delete(id);
      this.showList(bench);
    };
    const shown = [...this.chosen].slice(0, LISTED);
    this.list.replaceChildren(...chips(shown, remove));
    this.count.textContent = this.chosen.size
      ? counted("around_chosen", this.chosen.size)
      : word("around_none");
    bench.planner.highlight(this.chosen.keys());
    bench.changed();
  }
}
