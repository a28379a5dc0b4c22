// Split by a line: some pieces stay in this zone, the others become a new zone's draft.

import { L } from "../../shared/map";
import { api } from "../api";
import { area, config, counted, h, word } from "../dom";
import type { Beside } from "../editor";
import { fromParts, partsOf } from "../shapes";
import { toolApi, type Preview } from "./api";
import type { Bench, Outcome, Tool } from "./bench";
import { previewLayer } from "./bench";
import { drawButton } from "./fields";
import { besideOf, OtherDraft } from "./others";

const COLORS = ["#0b6b61", "#c2410c", "#4a63c9", "#8e2f6b", "#7d4a04", "#1d7f45"];

export class Split implements Tool {
  readonly name = "split";
  readonly needsOutline = true;
  private line: GeoJSON.Geometry | null = null;
  private pieces: Preview[] = [];
  private stays: boolean[] = [];
  private newName = "";
  private made = "";

  inputs(bench: Bench): HTMLElement[] {
    this.line = null;
    this.pieces = [];
    this.newName = this.nameOf(bench);
    const draw = async (byKeyboard: boolean): Promise<void> => {
      const drawn = await bench.sketch("Line", byKeyboard);
      if (!drawn) return;
      this.line = drawn;
      this.pieces = [];
      bench.changed(0);
    };
    const button = drawButton(word("split_draw"), "line", (byKeyboard) => void draw(byKeyboard));
    return [h("div", { class: "pl-field" }, button)];
  }

  async ask(bench: Bench, signal: AbortSignal): Promise<Outcome | null> {
    if (!this.line) return null;
    if (!this.pieces.length) {
      const body = { ...bench.context, geometry: bench.outline, line: this.line };
      this.pieces = (await toolApi.split(body, signal)).pieces;
      this.stays = this.pieces.map((_piece, index) => index === 0);
    }
    const keep = this.pieces.filter((_piece, index) => this.stays[index]);
    const part = keep.length > 0 && keep.length < this.pieces.length;
    const whole = keep.length > 1 && part ? await this.merged(bench, keep, signal) : keep[0];
    return {
      shape: part && whole ? whole.geometry : null,
      shown: null,
      layers: this.pieces.flatMap((piece, index) => this.drawn(piece, index)),
      notes: [this.list(bench), this.nameField(), part ? "" : word("split_choose")],
    };
  }

  /** The other pieces are kept first; only then does this zone get smaller. */
  async beforeUse(bench: Bench): Promise<Beside> {
    const others = this.pieces.filter((_piece, index) => !this.stays[index]);
    const whole = others.length > 1 ? await this.merged(bench, others) : others[0];
    const { planner } = bench;
    const body = planner.form.body();
    const possible = config.next[""] ?? [];
    const after = {
      ...body,
      name: this.newName.trim(),
      status: possible.includes(body.status) ? body.status : "PLANNED",
      geometry: whole?.geometry ?? "",
    };
    const saved = await api.create({ ...after, ...planner.into.target() });
    this.made = after.name;
    await planner.reload();
    await planner.into.follow(saved.changeset_id);
    const draft = new OtherDraft(saved.zone_id, saved.revision, saved.changeset_id);
    return besideOf(planner, [{ draft, before: null, after }], {
      undone: word("split_undone", { name: after.name }),
      redone: word("split_done", { name: after.name }),
    });
  }

  done(): string {
    return word("split_done", { name: this.made });
  }

  private nameOf(bench: Bench): string {
    const name = bench.planner.form.body().name || word("new_zone");
    const taken = new Set(bench.planner.zoneRows.flatMap((row) =>
      [row.published, ...row.drafts].map((each) => each?.properties.name)));
    let number = 2;
    while (taken.has(`${name} (${number})`)) number += 1;
    return `${name.slice(0, 112)} (${number})`;
  }

  private async merged(bench: Bench, pieces: Preview[], signal?: AbortSignal): Promise<Preview> {
    const shapes = pieces.map((piece) => fromParts(partsOf(piece.geometry)));
    return toolApi.merge({ ...bench.context, geometries: shapes }, signal);
  }

  private drawn(piece: Preview, index: number): L.Layer[] {
    const color = COLORS[index % COLORS.length] as string;
    const shape = previewLayer(piece.geometry, color);
    const largest = L.geoJSON(piece.geometry).getBounds().getCenter();
    const sign = L.marker(largest, {
      interactive: false,
      keyboard: false,
      pmIgnore: true,
      snapIgnore: true,
      icon: L.divIcon({ className: "pl-piece", html: String(index + 1), iconSize: [30, 30] }),
    } as L.MarkerOptions);
    return [shape, sign];
  }

  private list(bench: Bench): HTMLElement {
    const row = (piece: Preview, index: number): HTMLElement => {
      const active = piece.counts.map((each) => `${each.title}: ${each.inside}`);
      const facts = [area(piece.area_m2 ?? 0), counted("houses", piece.buildings ?? 0), ...active];
      const onchange = (event: Event): void => {
        this.stays[index] = (event.target as HTMLInputElement).checked;
        bench.changed(0);
      };
      const box = h("input", { type: "checkbox", onchange, checked: Boolean(this.stays[index]) });
      const sign = h("i", { style: `--piece:${COLORS[index % COLORS.length]}` }, String(index + 1));
      const text = h("span", {}, h("b", {}, word("piece_stays", { number: index + 1 })), h("small", {}, facts.join(" · ")));
      return h("li", {}, h("label", {}, box, sign, text));
    };
    return h(
      "fieldset",
      { class: "pl-field pl-radios" },
      h("legend", {}, word("split_stays")),
      h("ul", { class: "pl-picks" }, ...this.pieces.map(row)),
    );
  }

  private nameField(): HTMLElement {
    const oninput = (event: Event): void => {
      this.newName = (event.target as HTMLInputElement).value;
    };
    return h(
      "div",
      { class: "pl-field" },
      h("label", { for: "pl-split-name" }, word("split_name")),
      h("input", { id: "pl-split-name", class: "form-control", maxlength: 120, value: this.newName, oninput }),
      h("p", { class: "pl-help" }, word("split_name_help")),
    );
  }
}
