// Figures of an outline as a small table: inside, what enters, what drops out.

import type { Figures, Shape } from "../api";
import { area, counted, h, number, word } from "../dom";
import { partsOf, pointCount } from "../shapes";

function move(count: number | null, sign: "+" | "−"): HTMLElement {
  const kind = sign === "+" ? "is-gained" : "is-lost";
  return h("td", { class: count ? kind : "" }, count ? `${sign}${number(count)}` : "0");
}

/** Buildings and whatever is counted in them (services…), held against the published outline. */
export function movesTable(figures: Figures): HTMLElement {
  if (figures.buildings === null) return h("span");
  const row = (title: string, inside: number, gained: number, lost: number): HTMLElement =>
    h(
      "tr",
      {},
      h("th", { scope: "row" }, title),
      h("td", {}, number(inside)),
      move(gained, "+"),
      move(lost, "−"),
    );
  const head = ["", word("moves_inside"), word("moves_in"), word("moves_out")];
  return h(
    "table",
    { class: "pl-moves" },
    h("thead", {}, h("tr", {}, ...head.map((text) => h("th", { scope: "col" }, text)))),
    h(
      "tbody",
      {},
      row(word("moves_buildings"), figures.buildings, figures.gained ?? 0, figures.lost ?? 0),
      ...figures.counts.map((each) => row(each.title, each.inside, each.gained, each.lost)),
    ),
  );
}

/** Area, corners and parts of a preview in one line. */
export function sizeText(preview: Figures & { geometry: Shape }): string {
  const parts = partsOf(preview.geometry).length;
  return [
    preview.area_m2 === null ? "" : area(preview.area_m2),
    counted("points", pointCount(preview.geometry)),
    parts > 1 ? counted("parts", parts) : "",
  ]
    .filter(Boolean)
    .join(" · ");
}

/** For the foot of a narrow panel: "9 buildings +5 −1". */
export function sumText(figures: Figures): string {
  if (figures.buildings === null) return "";
  const gained = figures.gained ? ` +${number(figures.gained)}` : "";
  const lost = figures.lost ? ` −${number(figures.lost)}` : "";
  return counted("houses", figures.buildings) + gained + lost;
}
