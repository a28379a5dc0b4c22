// Small parts that several views of the review share: outlines, marks of state, times of Kyiv.

import { L, statusColor, token, zoneRenderer, zoneStyle, type ZoneStatus } from "../shared/map";
import { config, h, word } from "./dom";
import type { ChangeSet } from "./review_api";

const QUIET = { pmIgnore: true, snapIgnore: true, interactive: false };

/** An outline that is only looked at, in the look of its status. */
export function outline(map: L.Map, shape: GeoJSON.Geometry, status: ZoneStatus, selected = true): L.GeoJSON {
  const style = { ...zoneStyle(status, { selected }), renderer: zoneRenderer(map) };
  return L.geoJSON(shape, { ...QUIET, style } as L.GeoJSONOptions);
}

/** An outline as it was before: grey, dashed, without a filling. */
export function oldOutline(map: L.Map, shape: GeoJSON.Geometry): L.GeoJSON {
  const style = {
    color: token("--d-ink-2", "#566170"),
    weight: 2.5,
    dashArray: "6 5",
    fill: false,
    renderer: zoneRenderer(map),
  };
  return L.geoJSON(shape, { ...QUIET, style } as L.GeoJSONOptions);
}

/** Ground that was added (green, stripes) or removed (red, crosses). */
export function ground(map: L.Map, shape: GeoJSON.Geometry, kind: "added" | "removed"): L.GeoJSON {
  const renderer = zoneRenderer(map);
  addPatterns(renderer);
  const color = kind === "added" ? token("--st-online", "#1d7f45") : token("--st-debt", "#b3261e");
  const style = {
    color,
    weight: 2.5,
    dashArray: kind === "added" ? undefined : "7 4",
    fillColor: `url(#ground-${kind})`,
    fillOpacity: 1,
    className: `pl-${kind}`,
    renderer,
  };
  return L.geoJSON(shape, { ...QUIET, style } as L.GeoJSONOptions);
}

function addPatterns(renderer: L.SVG): void {
  const svg = (renderer as unknown as { _container: SVGSVGElement })._container;
  if (svg.querySelector("#ground-added")) return;
  const green = token("--st-online", "#1d7f45");
  const red = token("--st-debt", "#b3261e");
  const pattern = (id: string, turn: number, color: string, inner: string): string =>
    `<pattern id="ground-${id}" width="9" height="9" patternUnits="userSpaceOnUse"` +
    ` patternTransform="rotate(${turn})"><rect width="9" height="9" fill="${color}" fill-opacity=".16"/>` +
    `${inner}</pattern>`;
  const defs = document.createElementNS("http://www.w3.org/2000/svg", "defs");
  defs.innerHTML =
    pattern("added", 45, green, `<rect width="3" height="9" fill="${green}" fill-opacity=".55"/>`) +
    pattern(
      "removed",
      0,
      red,
      `<path d="M0 4.5h9M4.5 0v9" stroke="${red}" stroke-opacity=".6" stroke-width="1.6"/>`,
    );
  svg.insertBefore(defs, svg.firstChild);
}

/** The name of a change set: its title, else the zones in it. */
export function titleOf(set: ChangeSet): string {
  if (set.title) return set.title;
  const names = set.zones.slice(0, 2).map((zone) => zone.name);
  const more = set.zones.length > 2 ? ` +${set.zones.length - 2}` : "";
  return names.length ? names.join(", ") + more : word("set_number", { number: set.changeset_id });
}

/** The state of a change set in a word, with the colour that goes with it. */
export function stateMark(set: ChangeSet): HTMLElement {
  const [tone, text] =
    set.state === "PUBLISHED"
      ? ["good", word("set_published")]
      : set.state === "CANCELLED"
        ? ["off", word("set_cancelled")]
        : set.publish_at
          ? ["plan", word("set_scheduled")]
          : set.approved_at
            ? ["good", word("set_approved")]
            : set.state === "REVIEW"
              ? ["ask", word("set_review")]
              : ["draft", word("set_draft")];
  return h("span", { class: `pl-state is-${tone}` }, text);
}

export function statusMove(old: ZoneStatus | null | undefined, now: ZoneStatus | null): string {
  const name = (status: ZoneStatus | null | undefined): string =>
    status ? (config.statuses[status] ?? status) : word("not_on_map");
  return old === now ? name(now) : `${name(old)} → ${name(now)}`;
}

export function dot(status: ZoneStatus | null): HTMLElement {
  return h("i", { class: "pl-dot", style: `--dot:${status ? statusColor(status) : "#8d8577"}` });
}

/** What a clock on a wall in Kyiv shows, as <input type="datetime-local"> has it. */
export function kyivWall(moment: Date, seconds = false): string {
  const parts = Object.fromEntries(
    new Intl.DateTimeFormat("en-CA", {
      timeZone: "Europe/Kyiv",
      hourCycle: "h23",
      year: "numeric",
      month: "2-digit",
      day: "2-digit",
      hour: "2-digit",
      minute: "2-digit",
      second: "2-digit",
    })
      .formatToParts(moment)
      .map((part) => [part.type, part.value]),
  );
  const time = `${parts.year}-${parts.month}-${parts.day}T${parts.hour}:${parts.minute}`;
  return seconds ? `${time}:${parts.second}` : time;
}

/** The moment when clocks in Kyiv show that; null for what is no date. */
export function fromKyivWall(wall: string): Date | null {
  const asUtc = Date.parse(`${wall.length === 16 ? `${wall}:00` : wall}Z`);
  if (Number.isNaN(asUtc)) return null;
  let guess = asUtc;
  for (let turn = 0; turn < 2; turn += 1) {
    guess += asUtc - Date.parse(`${kyivWall(new Date(guess), true)}Z`);
  }
  return new Date(guess);
}
