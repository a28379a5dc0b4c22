// Who changed a place, when, from what to what; and the last change taken back.

import { byId, h, moment, say, word } from "../planner/dom";
import { journey, resting } from "../planner/journey";
import { api, type Entry, type History } from "./api";
import { act, button, card, sendConfirmed, type Shell } from "./shell";

const HIDDEN = new Set(["street_id", "locality_id", "footprint", "building_id", "moved", "loser", "premises_joined", "merged_into"]);

/** A value as people read it. */
function shown(key: string, value: unknown): string {
  if (value === null || value === undefined || value === "") return "—";
  if (typeof value === "boolean") return word(value ? "yes" : "no");
  if (Array.isArray(value)) {
    const parts = value.map((each) =>
      typeof each === "object" && each !== null ? `${each.street ?? ""}, ${each.number ?? ""}` : String(each),
    );
    return parts.join("; ") || "—";
  }
  if (typeof value === "object") return "…";
  if (key === "wiring" || key === "location_source") return word(`${key}_${String(value)}`);
  return String(value);
}

function differences(entry: Entry): HTMLElement | null {
  const after = entry.after ?? {};
  // What a merged house was is told by its own line before; here only where it went.
  const before = entry.action.endsWith(".merged") ? {} : (entry.before ?? {});
  const isNew = entry.before === null;
  const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])].filter((key) => !HIDDEN.has(key));
  const rows = keys
    .filter((key) => !isNew || shown(key, after[key]) !== "—")
    .filter((key) => key in before !== key in after || shown(key, before[key]) !== shown(key, after[key]))
    .map((key) =>
      h(
        "li",
        {},
        h("span", {}, word(`field_${key}`)),
        isNew || !(key in before) ? null : h("s", {}, shown(key, before[key])),
        key in after ? h("b", {}, shown(key, after[key])) : null,
      ),
    );
  return rows.length ? h("ul", { class: "pc-changes" }, ...rows) : null;
}

function entryRow(entry: Entry): HTMLLIElement {
  return h(
    "li",
    {},
    h(
      "div",
      {},
      h("b", {}, word(`did_${entry.action}`)),
      entry.action.startsWith("premise.") ? h("span", {}, ` ${entry.summary}`) : null,
      h("small", {}, `${moment(entry.at)} · ${entry.who}`),
      differences(entry),
    ),
  );
}

export async function openHistory(
  shell: Shell,
  kind: "buildings" | "streets",
  id: number,
  title: string,
): Promise<void> {
  const isWanted = journey();
  const history = await api.history(kind, id, null);
  if (!isWanted()) return;
  const list = h("ol", { class: "pl-versions pc-history" }, ...history.entries.map(entryRow));
  if (history.entries.length === 0) list.append(h("li", {}, word("no_history")));
  more(list, kind, id, history);
  const back = (): void => act(() => (kind === "buildings" ? shell.toHouse(id) : shell.toStreet(id)));
  const undo = button(word("undo_last"), () => act(() => takeBack(shell, kind, id)), "btn", "undo");
  const isOffered = history.undo.allowed;
  const why = history.entries.length && !isOffered ? h("p", { class: "pl-help" }, history.undo.why_not) : null;
  card(word("history_of", { name: title }), back, [why, list], isOffered ? [undo] : []);
}

function more(list: HTMLElement, kind: "buildings" | "streets", id: number, history: History): void {
  if (!history.next) return;
  const item = h("li", {}, button(word("show_more"), () => {
    act(async () => {
      const next = await api.history(kind, id, history.next);
      item.replaceWith(...next.entries.map(entryRow));
      more(list, kind, id, next);
    });
  }, "pl-link"));
  list.append(item);
}

async function takeBack(shell: Shell, kind: "buildings" | "streets", id: number): Promise<void> {
  const isHere = resting();
  if (kind === "streets") {
    const street = await api.street(id);
    await api.streetVerb(id, "undo", street.revision);
  } else {
    const { revision } = await api.building(id);
    const done = await sendConfirmed((sure) => api.buildingVerb(id, "undo", { base_revision: revision, ...sure }));
    if (!done) return;
  }
  say(word("undone"));
  shell.redraw();
  if (isHere()) await openHistory(shell, kind, id, byId("pc-card-title").textContent?.replace(/^.*?: /, "") ?? "");
}
