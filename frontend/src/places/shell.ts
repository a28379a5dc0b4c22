// What the parts of this page share: the panel, confirmations, lists walked by arrow keys.

import { ApiError } from "../planner/api";
import { byId, config, h, icon, say, word } from "../planner/dom";
import { arrive } from "../planner/journey";
import { raiseSheet } from "../planner/panel";
import type { Building, House, Note, Values } from "./api";

export type View = "streets" | "street" | "house" | "card";

export const page = config as unknown as {
  bounds: [[number, number], [number, number]] | null;
  streetTypes: string[];
  pageUrl: string;
  cardUrl: string;
};

/** The page as its parts see it. */
export interface Shell {
  map: L.Map;
  toStreets(): void;
  toStreet(id: number, focusHouse?: number): Promise<void>;
  toHouse(id: number): Promise<void>;
  newHouse(lat: number, lon: number, streetId?: number): Promise<void>;
  toMerge(one: number, other: number): Promise<void>;
  toPremises(building: Building): Promise<void>;
  toHistory(kind: "buildings" | "streets", id: number, title: string): Promise<void>;
  pin(lat: number, lon: number, onMove: (lat: number, lon: number, saved: boolean) => void): L.Marker;
  unpin(): void;
  mark(houses: Pick<House, "building_id" | "number" | "lat" | "lon">[]): void;
  /** Show these places in the part of the map that the panel leaves free. */
  look(places: [number, number][], maxZoom: number): void;
  /** The middle of that part. */
  middle(): L.LatLng;
  redraw(): void;
}

const sections = [...document.querySelectorAll<HTMLElement>("#pl-panel > section")];

export function show(name: View, focus = true): void {
  arrive();
  for (const section of sections) section.hidden = section.dataset.view !== name;
  byId("pl-panel").dataset.view = name;
  raiseSheet();
  const title = sections.find((each) => each.dataset.view === name)?.querySelector<HTMLElement>("h2");
  if (focus) title?.focus({ preventScroll: true });
}

/** The card view with a title, a way back, and buttons below. */
export function card(title: string, back: () => void, body: (Node | null)[], bar: Node[] = []): void {
  byId("pc-card-title").textContent = title;
  byId("pc-card-back").onclick = back;
  byId("pc-card").replaceChildren(...body.filter((each): each is Node => each !== null));
  byId("pc-card-bar").replaceChildren(...bar);
  byId("pc-card-bar").hidden = bar.length === 0;
  show("card");
}

export function noteList(notes: Note[]): HTMLUListElement {
  return h(
    "ul",
    { class: "pl-lines" },
    ...notes.map((note) =>
      h(
        "li",
        { class: note.level === "WARNING" ? "is-warning" : "" },
        icon(note.level === "WARNING" ? "alert" : "info"),
        h("span", {}, note.text),
      ),
    ),
  );
}

/** Ask before something unusual; resolves to whether it is meant. */
export function confirmed(title: string, notes: Note[], yes = word("yes_do_it")): Promise<boolean> {
  const dialog = byId<HTMLDialogElement>("pc-confirm");
  byId("pc-confirm-title").textContent = title;
  byId("pc-confirm-list").replaceChildren(...noteList(notes).children);
  byId("pc-confirm-yes").textContent = yes;
  dialog.returnValue = "no";
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
    dialog.showModal();
  });
}

/** Send; where the server wants a confirmation, ask for it and send again. Null: given up. */
export async function sendConfirmed<T>(send: (more: Values) => Promise<T>): Promise<T | null> {
  try {
    return await send({});
  } catch (error) {
    if (!(error instanceof ApiError) || error.code !== "confirm_needed") throw error;
    const sure = await confirmed(error.message, error.context.warnings as Note[]);
    return sure ? send({ confirmed: true }) : null;
  }
}

/** Run what a click started; what the server refuses is said, never lost. */
export function act(job: () => Promise<unknown>): void {
  job().catch((error: unknown) => {
    if (error instanceof DOMException && error.name === "AbortError") return;
    if (!(error instanceof ApiError)) throw error;
    say(error.message, "error");
  });
}

export function button(text: string, onclick: () => void, look = "btn", picture = ""): HTMLButtonElement {
  return h("button", { type: "button", class: look, onclick }, picture ? icon(picture) : null, text);
}

/** Up and down walk the rows of a list, Home and End go to its ends. */
export function walkable(list: HTMLElement): void {
  list.addEventListener("keydown", (event) => {
    const rows = [...list.querySelectorAll<HTMLElement>("button[data-row]")];
    const at = rows.findIndex((row) => row === document.activeElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: rows.length - 1 }[event.key];
    if (to === undefined || rows.length === 0) return;
    event.preventDefault();
    rows[Math.max(0, Math.min(to, rows.length - 1))]?.focus();
  });
}

/** Faults beside their fields; a fault of a field that is not shown goes below the form. */
export function showErrors(form: HTMLElement, errors: Record<string, string>): void {
  const left = { ...errors };
  for (const place of form.querySelectorAll<HTMLElement>("[data-error]")) {
    const name = place.dataset.error ?? "";
    place.textContent = name ? (left[name] ?? "") : "";
    delete left[name];
    const field = form.querySelector<HTMLElement>(`[name="${name}"]`);
    field?.toggleAttribute("aria-invalid", false);
    if (field && errors[name]) field.setAttribute("aria-invalid", "true");
    if (errors[name]) place.closest("details")?.setAttribute("open", "");
  }
  const rest = Object.values(left);
  const last = form.querySelector<HTMLElement>('[data-error=""]');
  if (last) last.textContent = rest.join(" ");
  form.querySelector<HTMLElement>("[aria-invalid=true]")?.focus();
}

export function errorsOf(error: ApiError): Record<string, string> {
  const fields = { ...error.fields };
  if (Object.keys(fields).length === 0) fields[error.field] = error.message;
  return fields;
}

/** Wait until typing pauses; each call starts anew. */
export function paused(wait: number, job: (text: string, signal: AbortSignal) => Promise<void>): (text: string) => void {
  let timer = 0;
  let running: AbortController | null = null;
  return (text) => {
    window.clearTimeout(timer);
    running?.abort();
    timer = window.setTimeout(() => {
      running = new AbortController();
      const { signal } = running;
      act(() => job(text, signal));
    }, wait);
  };
}
