// Before publishing: what it changes, what forbids it, what can be done about an overlap.

import { statusColor, token } from "../shared/map";
import { L } from "../shared/map";
import type { Impact, Overlap } from "./api";
import { area, byId, config, h, icon, number, word } from "./dom";

export interface Offers {
  onTrim: (overlap: Overlap, zone: number, other: number) => void;
  onOpen: (zone: number) => void;
}

function statusText(zone: Impact["zones"][number]): string {
  const old = zone.old_status ? config.statuses[zone.old_status] : word("not_on_map");
  const now = config.statuses[zone.new_status] ?? zone.new_status;
  return zone.old_status === zone.new_status
    ? word("status_stays", { status: now })
    : word("status_moves", { old: old ?? "", new: now });
}

function zoneElement(zone: Impact["zones"][number]): HTMLElement {
  const priority =
    zone.old_priority !== null && zone.old_priority !== zone.new_priority
      ? word("priority_moves", { old: zone.old_priority, new: zone.new_priority })
      : "";
  const figure = (kind: "gained" | "lost", count: number): HTMLElement =>
    h(
      "div",
      { class: `pl-figure is-${count ? kind : "none"}` },
      h("b", {}, count ? `${kind === "gained" ? "+" : "−"}${number(count)}` : "0"),
      h("span", {}, word(kind)),
    );
  return h(
    "article",
    { class: "pl-effect", style: `--edge:${statusColor(zone.new_status)}` },
    h("h3", {}, zone.name, h("small", {}, zone.network_type)),
    h("div", { class: "pl-figures" }, figure("gained", zone.gained), figure("lost", zone.lost)),
    h(
      "p",
      {},
      [
        word("buildings_before_after", { before: number(zone.before), after: number(zone.after) }),
        statusText(zone),
        priority,
      ]
        .filter(Boolean)
        .join(" · "),
    ),
    zone.new_status === "RETIRED" ? h("p", {}, word("retire_hint")) : null,
  );
}

function overlapElement(overlap: Overlap, offers: Offers): HTMLElement {
  const names = { mine: overlap.zone_name, other: overlap.other_zone_name };
  const trim = (zone: number, other: number, name: string): HTMLElement =>
    h(
      "button",
      { type: "button", class: "btn btn-sm", onclick: () => offers.onTrim(overlap, zone, other) },
      word("trim", { name }),
    );
  return h(
    "div",
    { class: "pl-problems pl-overlap" },
    h("p", {}, icon("alert"), h("span", {}, word("overlap", { ...names, area: area(overlap.area_m2) }))),
    h(
      "div",
      { class: "pl-offers" },
      trim(overlap.zone_id, overlap.other_zone_id, overlap.zone_name),
      trim(overlap.other_zone_id, overlap.zone_id, overlap.other_zone_name),
      h(
        "button",
        { type: "button", class: "btn btn-sm", onclick: () => offers.onOpen(overlap.zone_id) },
        word("change_priority", { name: overlap.zone_name }),
      ),
    ),
  );
}

export function showImpact(impact: Impact, offers: Offers): void {
  const lines = impact.lines.map((line) =>
    h(
      "li",
      { class: line.level === "WARNING" ? "is-warning" : "" },
      icon(line.level === "WARNING" ? "alert" : "info"),
      h("span", {}, line.text),
    ),
  );
  const refusals = impact.refusals.filter((each) => each.code !== "invariant_refused").map((refusal) =>
    h("div", { class: "pl-problems" }, h("p", {}, icon("alert"), h("span", {}, refusal.message))),
  );
  byId("pl-impact").replaceChildren(
    ...refusals,
    ...impact.overlaps.map((overlap) => overlapElement(overlap, offers)),
    ...impact.zones.map(zoneElement),
    lines.length
      ? h("ul", { class: "pl-lines" }, ...lines)
      : impact.asked.length
        ? h("p", { class: "pl-help" }, word("nothing_else"))
        : "",
  );
}

/** Overlaps on the map, in red over everything. */
export function drawOverlaps(overlaps: Overlap[]): L.FeatureGroup {
  const red = token("--st-debt", "#b3261e");
  const group = L.featureGroup();
  for (const overlap of overlaps) {
    L.geoJSON(overlap.geometry, {
      pmIgnore: true,
      snapIgnore: true,
      interactive: false,
      style: { color: red, weight: 2.5, fillColor: red, fillOpacity: 0.42, className: "pl-red" },
    } as L.GeoJSONOptions).addTo(group);
  }
  return group;
}
