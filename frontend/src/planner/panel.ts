// The panel beside the map: one view at a time, keyboard focus goes with it.

import { byId, config, h, icon, word } from "./dom";
import type { Problem } from "./api";
import { arrive } from "./journey";

export type View =
  | "list"
  | "edit"
  | "text"
  | "publish"
  | "history"
  | "stale"
  | "import"
  | "export"
  | "changesets"
  | "changeset"
  | "time"
  | "archive"
  | "rules"
  | "building"
  | "tool";

const sections = [...document.querySelectorAll<HTMLElement>("#pl-panel > section")];
let shown: View = "list";
const listeners: (() => void)[] = [];

/** Call this whenever another view is shown. */
export function onShow(listener: () => void): void {
  listeners.push(listener);
}

export function view(): View {
  return shown;
}

export function show(name: View, focus = true): void {
  shown = name;
  arrive();
  for (const section of sections) section.hidden = section.dataset.view !== name;
  byId("pl-panel").dataset.view = name;
  const section = sections.find((each) => each.dataset.view === name);
  if (focus) section?.querySelector<HTMLElement>("h2[tabindex]")?.focus({ preventScroll: true });
  for (const listener of listeners) listener();
}

/** On a narrow screen the panel is a sheet that can be pushed down to see the map. */
export function startSheet(onMove: () => void): void {
  const grip = byId("pl-grip");
  grip.addEventListener("click", () => {
    const low = byId("pl-panel").classList.toggle("is-low");
    grip.setAttribute("aria-expanded", String(!low));
    onMove();
  });
}

export function raiseSheet(): void {
  byId("pl-panel").classList.remove("is-low");
  byId("pl-grip").setAttribute("aria-expanded", "true");
}

export function lowerSheet(): void {
  if (!window.matchMedia("(max-width: 760px)").matches) return;
  byId("pl-panel").classList.add("is-low");
  byId("pl-grip").setAttribute("aria-expanded", "false");
}

/** Faults of an outline: each with a way to its place, and the repair on offer. */
export function showProblems(
  box: HTMLElement,
  problems: Problem[],
  options: {
    onZoom?: (problem: Problem) => void;
    onRepair?: () => void;
    onPeek?: (shown: boolean) => void;
  } = {},
): void {
  box.replaceChildren();
  box.hidden = problems.length === 0;
  for (const problem of problems) {
    const place =
      options.onZoom && problem.lat !== null
        ? h("button", { type: "button", class: "pl-link", onclick: () => options.onZoom?.(problem) }, word("zoom_to_problem"))
        : null;
    box.append(h("p", {}, icon("alert"), h("span", {}, problem.message, " ", place)));
  }
  if (options.onRepair) {
    const button = h(
      "button",
      {
        type: "button",
        class: "btn btn-sm",
        id: "pl-accept-repair",
        onclick: () => options.onRepair?.(),
        onmouseenter: () => options.onPeek?.(true),
        onmouseleave: () => options.onPeek?.(false),
        onfocus: () => options.onPeek?.(true),
        onblur: () => options.onPeek?.(false),
      },
      word("accept_repair"),
    );
    box.append(h("div", { class: "pl-repair" }, h("span", {}, word("repair_offered")), button));
  }
}

/** Errors beside the fields; "" is the form as a whole. What was typed stays. */
export function showErrors(errors: Record<string, string>): void {
  let first: HTMLElement | null = null;
  for (const place of document.querySelectorAll<HTMLElement>("#pl-form [data-error]")) {
    const name = place.dataset.error ?? "";
    const text = errors[name] ?? "";
    place.textContent = text;
    const field = name ? document.querySelector<HTMLElement>(`#pl-form [name="${name}"]`) : null;
    field?.setAttribute("aria-invalid", String(Boolean(text)));
    if (text && field && !first) first = field;
  }
  first?.focus();
}

export function statusOptions(old: string | null, chosen: string): void {
  const select = byId<HTMLSelectElement>("pl-status");
  const possible = config.next[old ?? ""] ?? [];
  const order = Object.keys(config.statuses).filter((value) => possible.includes(value));
  if (chosen && !order.includes(chosen)) order.unshift(chosen);
  select.replaceChildren(
    ...order.map((value) => h("option", { value }, config.statuses[value] ?? value)),
  );
  select.value = chosen || order[0] || "";
}
