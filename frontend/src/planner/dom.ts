// Small helpers: elements, words from the page, numbers as people write them.

export interface Config {
  api: string;
  csrf: string;
  language: string;
  userId: number;
  mayPublish: boolean;
  buildingsUrl: string;
  bounds: [[number, number], [number, number]] | null;
  statuses: Record<string, string>;
  networks: Record<string, string>;
  answers: Record<string, string>;
  formats: Record<string, string>;
  next: Record<string, string[]>;
  words: Record<string, string>;
  geoman: Record<string, Record<string, string>>;
}

const holder = document.getElementById("planner-config");
export const config = JSON.parse(holder?.textContent ?? "{}") as Config;

/** A text of the page with {name} filled in. */
export function word(key: string, values: Record<string, string | number> = {}): string {
  const text = config.words[key] ?? key;
  return text.replace(/\{(\w+)\}/g, (_all, name: string) => String(values[name] ?? ""));
}

/** Words for a count: "words" has key_one, key_few, key_many (Ukrainian) or key_one, key_other. */
export function counted(key: string, count: number): string {
  const form = new Intl.PluralRules(config.language).select(count);
  const text = config.words[`${key}_${form}`] ?? config.words[`${key}_other`] ?? key;
  return text.replace("{count}", number(count));
}

export function number(value: number, digits = 0): string {
  const text = new Intl.NumberFormat("uk-UA", { maximumFractionDigits: digits }).format(value);
  return config.language === "uk" ? text : text.replace(",", ".");
}

/** Hectares from one hectare up, else square metres. */
export function area(squareMetres: number): string {
  return squareMetres >= 10_000
    ? `${number(squareMetres / 10_000, squareMetres < 1_000_000 ? 1 : 0)} ${word("ha")}`
    : `${number(squareMetres)} ${word("m2")}`;
}

export function moment(iso: string): string {
  return new Intl.DateTimeFormat("uk-UA", {
    day: "2-digit",
    month: "2-digit",
    year: "numeric",
    hour: "2-digit",
    minute: "2-digit",
    timeZone: "Europe/Kyiv",
  })
    .format(new Date(iso))
    .replace(",", "");
}

export function day(iso: string): string {
  return iso.split("-").reverse().join(".");
}

export function byId<T extends HTMLElement = HTMLElement>(id: string): T {
  const found = document.getElementById(id);
  if (!found) throw new Error(`the page has no #${id}`);
  return found as T;
}

type Child = Node | string | null | undefined | false;
type Attributes = Record<string, string | number | boolean | ((event: Event) => void) | undefined>;

/** An element: h("button", {class: "btn", onclick: f}, "text"). Texts are never read as HTML. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== undefined) element.setAttribute(name, String(value));
  }
  element.append(...children.filter((child): child is Node | string => Boolean(child)));
  return element;
}

/** Copy of an icon that the page holds in <template id="icon-NAME">. */
export function icon(name: string): Node {
  const template = document.getElementById(`icon-${name}`) as HTMLTemplateElement | null;
  return template ? template.content.cloneNode(true) : document.createTextNode("");
}

/** Say something to screen readers and, for a while, on the map. */
export function say(text: string, tone: "info" | "error" = "info"): void {
  const toast = byId("pl-toast");
  toast.textContent = text;
  toast.dataset.tone = tone;
  toast.classList.add("is-shown");
  window.clearTimeout(Number(toast.dataset.timer ?? 0));
  toast.dataset.timer = String(
    window.setTimeout(() => toast.classList.remove("is-shown"), tone === "error" ? 9000 : 4500),
  );
}
