// The list of zones: the same content as the map, by keyboard and screen reader.

import { statusSwatch } from "../shared/map";
import type { ZoneFeature } from "./api";
import { area, byId, config, counted, day, h, word } from "./dom";

export interface ZoneRow {
  id: number;
  published: ZoneFeature | null;
  drafts: ZoneFeature[];
}

/** Published zones and drafts by zone; the zone's own draft comes before the published state. */
export function rowsOf(features: ZoneFeature[]): ZoneRow[] {
  const rows = new Map<number, ZoneRow>();
  for (const feature of features) {
    const id = feature.properties.zone_id;
    const row = rows.get(id) ?? { id, published: null, drafts: [] };
    if (feature.properties.kind === "draft") row.drafts.push(feature);
    else row.published = feature;
    rows.set(id, row);
  }
  const name = (row: ZoneRow): string => shownOf(row).properties.name;
  return [...rows.values()].sort((a, b) => name(a).localeCompare(name(b), "uk"));
}

export function myDraft(row: ZoneRow): ZoneFeature | null {
  return row.drafts.find((draft) => draft.properties.author_id === config.userId) ?? null;
}

export function shownOf(row: ZoneRow): ZoneFeature {
  const found = myDraft(row) ?? row.published ?? row.drafts[0];
  if (!found) throw new Error("a row without zones");
  return found;
}

function draftMark(draft: ZoneFeature): HTMLElement {
  const mine = draft.properties.author_id === config.userId;
  const text = mine ? word("draft_mine") : word("draft_of", { name: draft.properties.author ?? "" });
  const late = draft.properties.stale ? ` · ${word("stale")}` : "";
  return h("span", { class: `pl-mark${draft.properties.stale ? " is-stale" : ""}` }, text + late);
}

function rowElement(row: ZoneRow, onOpen: (id: number) => void): HTMLLIElement {
  const published = row.published?.properties ?? null;
  const shown = shownOf(row).properties;
  const status = published ? published.status : "DRAFT";
  const swatch = statusSwatch(status);
  const facts = [
    config.statuses[status] ?? status,
    shown.network_type,
    published?.buildings !== undefined
      ? counted("houses", published.buildings)
      : area(shown.area_m2),
    shown.priority ? word("priority", { value: shown.priority }) : "",
    shown.planned_for_date ? word("until", { day: day(shown.planned_for_date) }) : "",
  ];
  return h(
    "li",
    {},
    h(
      "button",
      { type: "button", "data-zone": row.id, onclick: () => onOpen(row.id) },
      h("span", { class: "pl-swatch" }, swatch as unknown as Node),
      h(
        "span",
        { class: "pl-zone" },
        h("b", {}, shown.name),
        h("small", {}, facts.filter(Boolean).join(" · ")),
        ...row.drafts.map(draftMark),
      ),
    ),
  );
}

let shownNow = "";

/** What is in the list already stays as it is, with the focus and a click that has begun. */
export function showList(rows: ZoneRow[], onOpen: (id: number) => void): void {
  const wanted = byId<HTMLInputElement>("pl-find").value.trim().toLocaleLowerCase("uk");
  const found = rows.filter((row) =>
    [row.published, ...row.drafts].some((each) =>
      each?.properties.name.toLocaleLowerCase("uk").includes(wanted),
    ),
  );
  const list = byId("pl-zones");
  const told = JSON.stringify(found.map(({ published, drafts }) => [published, ...drafts].map((each) => each?.properties)));
  if (found.length && told === shownNow) return;
  shownNow = told;
  const held = document.activeElement?.closest<HTMLElement>("#pl-zones [data-zone]")?.dataset.zone;
  list.replaceChildren(...found.map((row) => rowElement(row, onOpen)));
  if (held) list.querySelector<HTMLElement>(`[data-zone="${held}"]`)?.focus({ preventScroll: true });
  if (rows.length && !found.length) {
    list.append(h("li", { class: "pl-none" }, word("no_zones_found")));
  }
  byId("pl-empty").hidden = rows.length > 0;
}

/** Arrow keys move through the list; Home and End go to its ends. */
export function startListKeys(): void {
  byId("pl-zones").addEventListener("keydown", (event) => {
    const buttons = [...byId("pl-zones").querySelectorAll<HTMLButtonElement>("button")];
    const at = buttons.indexOf(document.activeElement as HTMLButtonElement);
    const target: Record<string, number> = {
      ArrowDown: at + 1,
      ArrowUp: at - 1,
      Home: 0,
      End: buttons.length - 1,
    };
    const to = target[event.key];
    if (to === undefined || at < 0) return;
    event.preventDefault();
    buttons[Math.min(Math.max(to, 0), buttons.length - 1)]?.focus();
  });
}

export function showLegend(): void {
  const order = ["IN_SERVICE", "BUILDING", "PLANNED", "SUSPENDED", "DRAFT"] as const;
  byId("pl-legend").replaceChildren(
    ...order.map((status) =>
      h("li", {}, statusSwatch(status, 16) as unknown as Node, config.statuses[status] ?? status),
    ),
  );
}
