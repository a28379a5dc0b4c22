// The corners as a list: each can be found, moved by arrow keys, typed, added and removed.

import { L } from "../../shared/map";
import { byId, h, icon, number, say, word } from "../dom";
import type { Desk } from "../desk";
import { fromParts, partsOf } from "../shapes";

const PAGE = 30;
const METRES_PER_DEGREE = 111_320;
const DIGITS = 7;

interface Place {
  part: number;
  ring: number;
  corner: number;
}

function keyOf(place: Place): string {
  return `${place.part}-${place.ring}-${place.corner}`;
}

function round(degrees: number): number {
  return Number(degrees.toFixed(DIGITS));
}

/** "50,0012" and "50.0012" are one number; anything else is none. */
function degrees(text: string, most: number): number | null {
  const value = Number(text.trim().replace(",", "."));
  return text.trim() && Number.isFinite(value) && Math.abs(value) <= most ? round(value) : null;
}

export class Corners {
  private readonly box = byId<HTMLDetailsElement>("pl-corners");
  private readonly list = byId("pl-corner-list");
  private readonly spot = L.circleMarker([0, 0], {
    radius: 13,
    weight: 3,
    color: "#c2410c",
    fillOpacity: 0.1,
    interactive: false,
    pmIgnore: true,
    snapIgnore: true,
  } as L.CircleMarkerOptions);
  private page = 0;
  private all: Place[] = [];

  constructor(private readonly planner: Desk) {
    this.box.addEventListener("toggle", () => this.refresh());
    this.list.addEventListener("focusout", () => this.spot.remove());
  }

  /** The outline is another one now. */
  refresh(): void {
    const parts = partsOf(this.planner.editor.current);
    this.all = parts.flatMap((rings, part) =>
      rings.flatMap((ring, index) => ring.slice(0, -1).map((_point, corner) => ({ part, ring: index, corner }))),
    );
    this.box.hidden = this.all.length === 0;
    byId("pl-corner-count").textContent = number(this.all.length);
    if (!this.box.open) return;
    this.page = Math.min(this.page, Math.max(0, Math.ceil(this.all.length / PAGE) - 1));
    const kept = (document.activeElement as HTMLElement | null)?.dataset.corner ?? "";
    const first = this.page * PAGE;
    this.list.replaceChildren(...this.all.slice(first, first + PAGE).map((place) => this.row(place)));
    this.pager();
    if (kept) this.list.querySelector<HTMLElement>(`[data-corner="${kept}"]`)?.focus({ preventScroll: true });
  }

  private pager(): void {
    const pages = Math.ceil(this.all.length / PAGE);
    const box = byId("pl-corner-pages");
    box.hidden = pages < 2;
    const go = (by: number) => (): void => {
      this.page = Math.min(Math.max(0, this.page + by), pages - 1);
      this.refresh();
      this.list.querySelector<HTMLElement>("button")?.focus();
    };
    const link = (text: string, by: number, off: boolean): HTMLElement =>
      h("button", { type: "button", class: "pl-link", onclick: go(by), disabled: off }, text);
    const last = Math.min(this.all.length, (this.page + 1) * PAGE);
    const span = word("corners_span", { from: this.page * PAGE + 1, to: last, all: this.all.length });
    box.replaceChildren(
      link(word("earlier"), -1, this.page === 0),
      h("span", {}, span),
      link(word("later"), 1, this.page === pages - 1),
    );
  }

  private at(place: Place): [number, number] {
    const [lon = 0, lat = 0] =
      partsOf(this.planner.editor.current)[place.part]?.[place.ring]?.[place.corner] ?? [];
    return [lon, lat];
  }

  private nameOf(place: Place): string {
    const parts = partsOf(this.planner.editor.current);
    const of = parts.length > 1 ? `${word("part", { number: place.part + 1 })} · ` : "";
    const hole = place.ring > 0 ? `${word("hole", { number: place.ring })} · ` : "";
    return `${of}${hole}${place.corner + 1}`;
  }

  private row(place: Place): HTMLElement {
    const key = keyOf(place);
    const [lon, lat] = this.at(place);
    const name = this.nameOf(place);
    const field = (kind: "lat" | "lon", value: number): HTMLElement =>
      h("input", {
        class: "form-control",
        type: "text",
        inputmode: "decimal",
        maxlength: 16,
        value: value.toFixed(DIGITS),
        "aria-label": `${word(kind)}, ${name}`,
        "data-corner": `${key}-${kind}`,
        onfocus: () => this.point(place),
        onchange: (event) => this.typed(place, kind, event.target as HTMLInputElement),
      });
    const act = (label: string, iconName: string, go: () => void): HTMLElement =>
      h(
        "button",
        { type: "button", class: "pl-mini", title: label, "aria-label": `${label}, ${name}`, "data-corner": `${key}-${iconName}`, onclick: go },
        icon(iconName),
      );
    const handle = h(
      "button",
      {
        type: "button",
        class: "pl-corner",
        "data-corner": key,
        "aria-label": word("corner_name", { name }),
        "aria-describedby": "pl-corner-help",
        onfocus: () => this.point(place, true),
        onclick: () => this.point(place, true),
        onkeydown: (event) => this.onKey(event as KeyboardEvent, place),
      },
      name,
    );
    return h(
      "li",
      {},
      handle,
      field("lat", lat),
      field("lon", lon),
      act(word("corner_add"), "plus", () => this.add(place)),
      act(word("corner_remove"), "x", () => this.remove(place)),
    );
  }

  private onKey(event: KeyboardEvent, place: Place): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const metres = event.shiftKey ? 10 : 1;
    const moves: Record<string, [number, number]> = {
      ArrowLeft: [-metres, 0],
      ArrowRight: [metres, 0],
      ArrowUp: [0, metres],
      ArrowDown: [0, -metres],
    };
    const move = moves[event.key];
    if (move) this.nudge(place, move);
    else if (event.key === "PageDown") this.step(place, 1);
    else if (event.key === "PageUp") this.step(place, -1);
    else if (event.key === "Insert" || event.key === "+") this.add(place);
    else if (event.key === "Delete") this.remove(place);
    else return;
    event.preventDefault();
  }

  /** The next or the last corner of the list, over pages too. */
  private step(place: Place, by: number): void {
    const index = this.all.findIndex((each) => keyOf(each) === keyOf(place)) + by;
    const next = this.all[index];
    if (next) this.focusOn(next);
  }

  private focusOn(place: Place): void {
    const index = this.all.findIndex((each) => keyOf(each) === keyOf(place));
    if (index < 0) return;
    const page = Math.floor(index / PAGE);
    if (page !== this.page) {
      this.page = page;
      this.refresh();
    }
    this.list.querySelector<HTMLElement>(`[data-corner="${keyOf(place)}"]`)?.focus();
  }

  private nudge(place: Place, [east, north]: [number, number]): void {
    const [lon, lat] = this.at(place);
    const perLon = METRES_PER_DEGREE * Math.max(0.01, Math.cos((lat * Math.PI) / 180));
    const moved = [round(lon + east / perLon), round(lat + north / METRES_PER_DEGREE)];
    this.write(place, (ring, at) => ring.splice(at, 1, moved), `nudge-${keyOf(place)}`);
    this.point(place, true);
  }

  private typed(place: Place, kind: "lat" | "lon", input: HTMLInputElement): void {
    const value = degrees(input.value, kind === "lat" ? 90 : 180);
    input.setAttribute("aria-invalid", String(value === null));
    if (value === null) {
      say(word("corner_bad"), "error");
      return;
    }
    const [lon, lat] = this.at(place);
    const moved = kind === "lat" ? [lon, value] : [value, lat];
    this.write(place, (ring, at) => ring.splice(at, 1, moved));
    this.point(place, true);
  }

  private add(place: Place): void {
    const ring = partsOf(this.planner.editor.current)[place.part]?.[place.ring] ?? [];
    const [lon, lat] = this.at(place);
    const [nextLon = lon, nextLat = lat] = ring[place.corner + 1] ?? [];
    const middle = [round((lon + nextLon) / 2), round((lat + nextLat) / 2)];
    this.write(place, (points, at) => points.splice(at + 1, 0, middle));
    this.focusOn({ ...place, corner: place.corner + 1 });
  }

  private remove(place: Place): void {
    const ring = partsOf(this.planner.editor.current)[place.part]?.[place.ring] ?? [];
    if (ring.length <= 4) {
      say(word("corner_least"), "error");
      return;
    }
    this.write(place, (points, at) => points.splice(at, 1));
    this.focusOn({ ...place, corner: Math.max(0, place.corner - 1) });
  }

  /** One change of one ring, kept closed. */
  private write(
    place: Place,
    change: (ring: GeoJSON.Position[], at: number) => unknown,
    key = `corner-${Date.now()}`,
  ): void {
    const parts = partsOf(this.planner.editor.current).map((rings) => rings.map((ring) => [...ring]));
    const ring = parts[place.part]?.[place.ring];
    const shape = fromParts(parts);
    if (!ring || !shape) return;
    ring.pop();
    change(ring, place.corner);
    ring.push(ring[0] as GeoJSON.Position);
    this.planner.editor.adjust(shape, key);
  }

  private point(place: Place, pan = false): void {
    const [lon, lat] = this.at(place);
    this.spot.setLatLng([lat, lon]).addTo(this.planner.map);
    const room = this.planner.editor.room();
    if (pan) this.planner.map.panInside([lat, lon], { ...room, animate: false } as L.PanInsideOptions);
  }
}
