// The map as of any moment, to look at only: a slider with a tick for each change, a field for a
// moment, and the difference between two moments.

import { L } from "../shared/map";
import type { ZoneFeature } from "./api";
import { area, byId, config, counted, h, moment, word } from "./dom";
import { journey } from "./journey";
import { raiseSheet, show } from "./panel";
import type { Desk } from "./desk";
import { review, type Changed, type MapDifference, type Moment } from "./review_api";
import { dot, fromKyivWall, ground, kyivWall, oldOutline, outline, statusMove } from "./review_parts";

const STEPS = 1000;
const SNAP = 9; // steps: so near to a tick its moment is meant
const WAIT_MS = 160;

/** One handle: where it stands, as the text that the server is asked with. */
interface Handle {
  slider: HTMLInputElement;
  field: HTMLInputElement;
  at: string;
}

export class TimeSlider {
  private moments: Moment[] = []; // the oldest first
  private start = 0;
  private end = 0;
  private running: AbortController | null = null;
  private timer = 0;
  private readonly from: Handle;
  private readonly until: Handle;
  private readonly compare = byId<HTMLInputElement>("pl-time-compare");
  private sought = 0; // the zone to bring into view
  active = false;

  constructor(private readonly planner: Desk) {
    this.from = this.handle("pl-time-slider", "pl-time-at");
    this.until = this.handle("pl-time-slider-until", "pl-time-until");
    byId("pl-past").addEventListener("click", () => void this.open());
    byId("pl-time-close").addEventListener("click", () => this.planner.backToList());
    byId("pl-time-before").addEventListener("click", () => this.step(this.from, -1));
    byId("pl-time-after").addEventListener("click", () => this.step(this.from, 1));
    this.compare.addEventListener("change", () => {
      byId("pl-time-two").hidden = byId("pl-time-second").hidden = !this.compare.checked;
      if (this.compare.checked && this.until.at <= this.from.at) this.put(this.until, this.now());
      this.ask();
    });
  }

  /** The last change, or that moment with a zone in view (a link leads there). */
  async open(wanted: { at: string; zone: number } | null = null): Promise<void> {
    const isWanted = journey();
    let moments: typeof this.moments;
    try {
      ({ moments } = await review.moments());
    } catch (error) {
      this.planner.fail(error);
      return;
    }
    if (!isWanted() || !this.planner.leave()) return;
    this.moments = moments.reverse();
    this.active = true;
    this.end = Date.now();
    const first = this.moments[0];
    const span = first ? this.end - Date.parse(first.at) : 86_400_000;
    this.start = this.end - span - Math.max(span * 0.04, 60_000);
    this.drawTicks();
    this.compare.checked = false;
    byId("pl-time-two").hidden = byId("pl-time-second").hidden = true;
    byId("pl-time").hidden = false;
    document.body.classList.add("is-past");
    const last = this.moments.at(-1);
    this.put(this.from, this.within(wanted?.at ?? "") ?? last?.at ?? this.now());
    this.put(this.until, this.now());
    show("time");
    raiseSheet();
    this.sought = wanted?.zone ?? 0;
    this.ask(0);
  }

  close(): void {
    if (!this.active) return;
    this.active = false;
    this.running?.abort();
    window.clearTimeout(this.timer);
    byId("pl-time").hidden = true;
    document.body.classList.remove("is-past");
    this.planner.scene.asOf(null);
  }

  // --- handles ----------------------------------------------------------------------------------

  private handle(slider: string, field: string): Handle {
    const handle: Handle = {
      slider: byId<HTMLInputElement>(slider),
      field: byId<HTMLInputElement>(field),
      at: "",
    };
    handle.slider.addEventListener("input", () => this.slid(handle));
    handle.slider.addEventListener("keydown", (event) => this.key(handle, event));
    handle.field.addEventListener("change", () => {
      const typed = fromKyivWall(handle.field.value);
      if (!typed) return;
      // A minute that is typed means all that happened in it.
      this.put(handle, new Date(typed.getTime() + 59_999).toISOString(), false);
      this.ask();
    });
    return handle;
  }

  /** A moment from an address, inside the time line; null when it is none. */
  private within(text: string): string | null {
    const time = Date.parse(text);
    if (Number.isNaN(time)) return null;
    // The change itself is known to the microsecond; a Date is not.
    const change = this.moments.find((each) => Date.parse(each.at) === time);
    return change?.at ?? new Date(Math.min(Math.max(time, this.start), this.end)).toISOString();
  }

  private now(): string {
    return new Date(this.end).toISOString();
  }

  private slid(handle: Handle): void {
    const step = Number(handle.slider.value);
    const near = this.moments.reduce<Moment | null>((best, each) => {
      const distance = Math.abs(this.stepOf(each.at) - step);
      const known = best ? Math.abs(this.stepOf(best.at) - step) : SNAP;
      return distance < known ? each : best;
    }, null);
    const plain = this.start + (step / STEPS) * (this.end - this.start);
    this.put(handle, near ? near.at : new Date(plain).toISOString());
    this.ask();
  }

  /** Arrows go from change to change, Home and End to the ends. */
  private key(handle: Handle, event: KeyboardEvent): void {
    const ways: Record<string, () => void> = {
      ArrowLeft: () => this.step(handle, -1),
      ArrowDown: () => this.step(handle, -1),
      ArrowRight: () => this.step(handle, 1),
      ArrowUp: () => this.step(handle, 1),
      Home: () => this.jump(handle, this.moments[0]?.at ?? this.now()),
      End: () => this.jump(handle, this.now()),
    };
    const way = ways[event.key];
    if (!way) return;
    event.preventDefault();
    way();
  }

  private step(handle: Handle, way: 1 | -1): void {
    const here = Date.parse(handle.at);
    const times = this.moments.map((each) => each.at);
    const found =
      way > 0
        ? times.find((at) => Date.parse(at) > here)
        : times.filter((at) => Date.parse(at) < here).at(-1);
    this.jump(handle, found ?? (way > 0 ? this.now() : (times[0] ?? this.now())));
  }

  private jump(handle: Handle, at: string): void {
    this.put(handle, at);
    this.ask();
  }

  private put(handle: Handle, at: string, withField = true): void {
    handle.at = at;
    handle.slider.value = String(Math.round(this.stepOf(at)));
    if (withField) handle.field.value = kyivWall(new Date(at));
    const change = this.changeAt(at);
    const said = change ? `${moment(at)}, ${change.zones.join(", ")}` : moment(at);
    handle.slider.setAttribute("aria-valuetext", said);
  }

  private stepOf(at: string): number {
    return ((Date.parse(at) - this.start) / (this.end - this.start)) * STEPS;
  }

  private changeAt(at: string): Moment | undefined {
    return this.moments.find((each) => each.at === at);
  }

  private drawTicks(): void {
    const ticks = this.moments.map((each) =>
      h("i", { style: `left:${(this.stepOf(each.at) / STEPS) * 100}%`, title: moment(each.at) }),
    );
    byId("pl-time-ticks").replaceChildren(...ticks);
    byId("pl-time-start").textContent = moment(new Date(this.start).toISOString()).slice(0, 10);
  }

  // --- what the server says ------------------------------------------------------------------------

  private ask(wait = WAIT_MS): void {
    this.label();
    window.clearTimeout(this.timer);
    this.timer = window.setTimeout(() => void this.fetch(), wait);
  }

  private label(): void {
    const two = this.compare.checked;
    byId("pl-time-label").textContent = two
      ? word("time_between", { from: moment(this.from.at), until: moment(this.until.at) })
      : word("time_as_of", { at: moment(this.from.at) });
    const change = this.changeAt(this.from.at);
    const facts = change
      ? [word("time_changed", { zones: change.zones.join(", ") }), change.title, change.author ?? ""]
      : [];
    byId("pl-time-change").textContent = two ? "" : facts.filter(Boolean).join(" · ");
  }

  private async fetch(): Promise<void> {
    this.running?.abort();
    const { signal } = (this.running = new AbortController());
    const shown = this.compare.checked ? this.until.at : this.from.at;
    try {
      const [zones, difference] = await Promise.all([
        review.zonesAt(shown, signal),
        this.compare.checked ? review.difference(this.from.at, this.until.at, signal) : null,
      ]);
      if (signal.aborted || !this.active) return;
      this.planner.scene.asOf(shown);
      this.draw(zones.features, difference);
      byId("pl-time-error").textContent = "";
      if (difference) this.tellDifference(difference);
      else this.tellZones(zones.features);
      this.bringIntoView(zones.features);
    } catch (error) {
      if (error instanceof DOMException && error.name === "AbortError") return;
      byId("pl-time-error").textContent = error instanceof Error ? error.message : "";
      this.planner.fail(error);
    }
  }

  /** Once, after a link has led here: the zone as it was. */
  private bringIntoView(zones: ZoneFeature[]): void {
    const zone = zones.find((each) => each.properties.zone_id === this.sought);
    this.sought = 0;
    if (zone) this.planner.map.fitBounds(L.geoJSON(zone.geometry).getBounds(), this.room());
  }

  private draw(zones: ZoneFeature[], difference: MapDifference | null): void {
    const group = L.featureGroup();
    for (const zone of zones) {
      const { geometry, properties } = zone;
      const layer = difference
        ? oldOutline(this.planner.map, geometry)
        : outline(this.planner.map, geometry, properties.status, false);
      layer.addTo(group);
    }
    for (const zone of difference?.zones ?? []) {
      if (zone.removed) ground(this.planner.map, zone.removed, "removed").addTo(group);
      if (zone.added) ground(this.planner.map, zone.added, "added").addTo(group);
    }
    this.planner.overlay(group);
  }

  private tellZones(zones: ZoneFeature[]): void {
    byId("pl-time-figures").replaceChildren(h("p", { class: "pl-help" }, counted("zones", zones.length)));
    byId("pl-time-list").replaceChildren(
      ...zones.map(({ geometry, properties: zone }) =>
        this.item(zone.status, zone.name, geometry, [
          config.statuses[zone.status] ?? zone.status,
          zone.network_type,
          counted("houses", zone.buildings ?? 0),
        ]),
      ),
    );
  }

  private tellDifference(found: MapDifference): void {
    const figure = (kind: "gained" | "lost", count: number, ground: number): HTMLElement =>
      h(
        "div",
        { class: `pl-figure is-${count ? kind : "none"}` },
        h("b", {}, (count ? (kind === "gained" ? "+" : "−") : "") + counted("houses", count)),
        h("span", {}, word(`time_${kind}`, { area: area(ground) })),
      );
    byId("pl-time-figures").replaceChildren(
      found.zones.length
        ? h(
            "div",
            { class: "pl-figures" },
            figure("gained", found.gained, found.added_m2),
            figure("lost", found.lost, found.removed_m2),
          )
        : h("p", { class: "pl-help" }, word("time_same")),
      found.zones.length
        ? h(
            "p",
            { class: "pl-key" },
            h("i", { class: "is-added" }),
            word("time_added"),
            h("i", { class: "is-removed" }),
            word("time_removed"),
          )
        : "",
    );
    byId("pl-time-list").replaceChildren(...found.zones.map((zone) => this.changed(zone)));
  }

  private changed(zone: Changed): HTMLElement {
    const facts = [
      zone.network_type,
      statusMove(zone.old_status, zone.new_status),
      zone.gained ? `+${counted("houses", zone.gained)}` : "",
      zone.lost ? `−${counted("houses", zone.lost)}` : "",
      zone.added_m2 >= 1 ? `+${area(zone.added_m2)}` : "",
      zone.removed_m2 >= 1 ? `−${area(zone.removed_m2)}` : "",
      zone.old_priority !== null && zone.new_priority !== null && zone.old_priority !== zone.new_priority
        ? word("priority_moves", { old: zone.old_priority, new: zone.new_priority })
        : "",
    ];
    return this.item(zone.new_status ?? zone.old_status ?? "RETIRED", zone.name, zone.added ?? zone.removed, facts);
  }

  /** The slider lies over the map: below on a wide screen, above on a narrow one. */
  private room(): L.FitBoundsOptions {
    const room = this.planner.editor.room();
    const [left] = room.paddingTopLeft as [number, number];
    const [right, bottom] = room.paddingBottomRight as [number, number];
    const bar = byId("pl-time").offsetHeight;
    return window.matchMedia("(min-width: 761px)").matches
      ? { ...room, paddingTopLeft: [left, 24], paddingBottomRight: [right, bar + 30] }
      : { ...room, paddingTopLeft: [left, bar + 20], paddingBottomRight: [right, bottom] };
  }

  private item(
    status: Parameters<typeof dot>[0],
    name: string,
    shape: GeoJSON.Geometry | null,
    facts: string[],
  ): HTMLElement {
    const zoom = (): void => {
      if (shape) this.planner.map.fitBounds(L.geoJSON(shape).getBounds(), this.room());
    };
    return h(
      "li",
      {},
      h(
        "button",
        { type: "button", onclick: zoom },
        dot(status),
        h("span", { class: "pl-zone" }, h("b", {}, name), h("small", {}, facts.filter(Boolean).join(" · "))),
      ),
    );
  }
}
