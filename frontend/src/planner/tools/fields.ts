// Inputs of the tools: numbers with a unit, choices, zones from a list or the map, streets by typing.

import { statusSwatch } from "../../shared/map";
import { config, h, icon, word } from "../dom";
import { shownOf, type ZoneRow } from "../list";
import { suggest, type Suggestion } from "./api";

const SUGGEST_DELAY_MS = 160;
let made = 0;

function freshId(): string {
  made += 1;
  return `pl-in-${made}`;
}

export interface NumberField {
  element: HTMLElement;
  /** NaN when what is typed is no number; the server says what is allowed. */
  value: () => number;
}

/** A number with its unit, in steps; a comma is as good as a point. */
export function numberField(
  label: string,
  unit: string,
  first: number,
  range: { min: number; max: number; step: number },
  onChange: () => void,
): NumberField {
  const id = freshId();
  const input = h("input", {
    id,
    type: "number",
    class: "form-control",
    value: first,
    min: range.min,
    max: range.max,
    step: range.step,
    inputmode: "decimal",
    oninput: onChange,
  });
  const element = h(
    "div",
    { class: "pl-field pl-number" },
    h("label", { for: id }, label),
    h("span", { class: "pl-unit" }, input, h("span", { "aria-hidden": "true" }, unit)),
  );
  return { element, value: () => input.valueAsNumber };
}

export interface ChoiceField {
  element: HTMLElement;
  value: () => string;
}

/** One of a few; nothing is chosen beforehand unless `first` says so. */
export function choiceField(
  legend: string,
  options: [string, string][],
  first: string | null,
  onChange: () => void,
): ChoiceField {
  const name = freshId();
  const element = h(
    "fieldset",
    { class: "pl-field pl-radios" },
    h("legend", {}, legend),
    ...options.map(([value, text]) =>
      h(
        "label",
        {},
        h("input", { type: "radio", name, value, checked: value === first, onchange: onChange }),
        text,
      ),
    ),
  );
  const value = (): string =>
    element.querySelector<HTMLInputElement>("input:checked")?.value ?? "";
  return { element, value };
}

export interface ZonesField {
  element: HTMLElement;
  chosen: Set<number>;
  toggle: (id: number) => void;
}

/** Zones to choose: a list to search and tick; a click on the map ticks too. */
export function zonesField(rows: readonly ZoneRow[], onChange: () => void): ZonesField {
  const chosen = new Set<number>();
  const id = freshId();
  const list = h("ul", { class: "pl-picks", "aria-label": word("pick_zones") });
  const search = h("input", {
    id,
    type: "search",
    class: "form-control",
    placeholder: word("find_zone"),
    maxlength: 80,
    autocomplete: "off",
  });
  const boxes = new Map<number, HTMLInputElement>();
  const toggle = (zone: number): void => {
    if (!boxes.has(zone)) return;
    if (!chosen.delete(zone)) chosen.add(zone);
    (boxes.get(zone) as HTMLInputElement).checked = chosen.has(zone);
    onChange();
  };
  const items = rows.map((row) => {
    const { name, network_type } = shownOf(row).properties;
    const status = row.published?.properties.status ?? "DRAFT";
    const box = h("input", { type: "checkbox", onchange: () => toggle(row.id) });
    boxes.set(row.id, box);
    const swatch = statusSwatch(status, 16) as unknown as Node;
    const facts = `${config.statuses[status] ?? status} · ${network_type}`;
    const text = h("span", {}, h("b", {}, name), h("small", {}, facts));
    return { name: name.toLocaleLowerCase("uk"), item: h("li", {}, h("label", {}, box, swatch, text)) };
  });
  list.append(...items.map(({ item }) => item));
  search.addEventListener("input", () => {
    const wanted = search.value.trim().toLocaleLowerCase("uk");
    for (const { name, item } of items) item.hidden = !name.includes(wanted);
  });
  const label = h("label", { for: id }, word("pick_zones"));
  const none = rows.length ? null : h("p", { class: "pl-help" }, word("pick_zones_none"));
  const element = h("div", { class: "pl-field" }, label, rows.length > 6 ? search : null, list, none);
  return { element, chosen, toggle };
}

/** Streets and houses offered while one types: a combobox, by keyboard and by screen reader. */
export function placeField(label: string, onPick: (place: Suggestion) => void): HTMLElement {
  const id = freshId();
  const list = h("ul", { id: `${id}-list`, class: "pl-offers-list", role: "listbox", "aria-label": label });
  list.hidden = true;
  const input = h("input", {
    id,
    type: "text",
    class: "form-control",
    role: "combobox",
    "aria-expanded": "false",
    "aria-controls": `${id}-list`,
    "aria-autocomplete": "list",
    autocomplete: "off",
    maxlength: 120,
    placeholder: word("place_hint"),
  });
  let found: Suggestion[] = [];
  let at = -1;
  let timer = 0;
  let running: AbortController | null = null;

  const mark = (to: number): void => {
    at = found.length ? (to + found.length) % found.length : -1;
    [...list.children].forEach((item, index) => {
      item.setAttribute("aria-selected", String(index === at));
      if (index === at) item.scrollIntoView({ block: "nearest" });
    });
    input.setAttribute("aria-activedescendant", at >= 0 ? `${id}-${at}` : "");
  };
  const close = (): void => {
    found = [];
    at = -1;
    list.hidden = true;
    input.setAttribute("aria-expanded", "false");
  };
  const pick = (place: Suggestion): void => {
    input.value = "";
    close();
    onPick(place);
    input.focus();
  };
  const showFound = (): void => {
    list.replaceChildren(
      ...found.map((place, index) =>
        h(
          "li",
          { id: `${id}-${index}`, role: "option", onmousedown: (event) => event.preventDefault(), onclick: () => pick(place) },
          h("b", {}, place.label),
          h("small", {}, [place.locality, place.note].filter(Boolean).join(" · ")),
        ),
      ),
    );
    if (!found.length) list.append(h("li", { class: "pl-none" }, word("place_none")));
    list.hidden = false;
    input.setAttribute("aria-expanded", "true");
    mark(0);
  };
  const look = async (): Promise<void> => {
    running?.abort();
    running = new AbortController();
    try {
      found = await suggest(input.value.trim(), running.signal);
      showFound();
    } catch (error) {
      if (error instanceof DOMException && error.name === "AbortError") return;
      close();
    }
  };
  input.addEventListener("input", () => {
    window.clearTimeout(timer);
    if (input.value.trim().length < 2) close();
    else timer = window.setTimeout(() => void look(), SUGGEST_DELAY_MS);
  });
  input.addEventListener("keydown", (event) => {
    if (list.hidden) return;
    const place = found[at];
    if (event.key === "ArrowDown") mark(at + 1);
    else if (event.key === "ArrowUp") mark(at - 1);
    else if (event.key === "Enter" && place) pick(place);
    else if (event.key === "Escape") close();
    else return;
    event.preventDefault();
  });
  input.addEventListener("blur", () => close());
  return h("div", { class: "pl-field pl-place" }, h("label", { for: id }, label), input, list);
}

/** What was chosen, each with a button that takes it away again. */
export function chips(items: [number, string][], onRemove: (id: number) => void): HTMLElement[] {
  return items.map(([id, text]) =>
    h(
      "li",
      {},
      h("span", {}, text),
      h(
        "button",
        { type: "button", title: word("remove"), "aria-label": `${word("remove")}: ${text}`, onclick: () => onRemove(id) },
        icon("x"),
      ),
    ),
  );
}

/** A button that starts drawing on the map; it tells whether the keyboard pressed it. */
export function drawButton(text: string, iconName: string, onStart: (byKeyboard: boolean) => void): HTMLElement {
  const start = (event: Event): void => onStart((event as MouseEvent).detail === 0);
  return h("button", { type: "button", class: "btn btn-sm", onclick: start }, icon(iconName), text);
}
