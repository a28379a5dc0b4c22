// Two records of one building: which stays, what moves, done.

import { counted, h, say, word } from "../planner/dom";
import { journey, resting } from "../planner/journey";
import { api, type Card, type Merged } from "./api";
import { act, button, card, noteList, sendConfirmed, type Shell } from "./shell";

export async function openMerge(shell: Shell, one: number, other: number): Promise<void> {
  const isWanted = journey();
  const both = await Promise.all([api.building(one), api.building(other)]);
  if (!isWanted()) return;
  // The one that more hangs on stays, unless the planner says otherwise.
  const weight = (each: Card): number => each.held.reduce((sum, held) => sum + held.count, 0) + each.premises;
  const [winner, loser] = weight(both[1]) > weight(both[0]) ? [both[1], both[0]] : both;
  await preview(shell, winner, loser, true);
}

async function preview(shell: Shell, winner: Card, loser: Card, keepAddress: boolean): Promise<void> {
  const body = {
    loser_id: loser.building_id,
    loser_revision: loser.revision,
    winner_revision: winner.revision,
    keep_address: keepAddress,
  };
  const isWanted = journey();
  const told = await api.merge(winner.building_id, { ...body, dry_run: true });
  if (!isWanted()) return;
  const keep = h("input", { type: "checkbox", class: "form-check-input", id: "pc-keep" });
  keep.checked = keepAddress;
  keep.addEventListener("change", () => act(() => preview(shell, winner, loser, keep.checked)));
  const swap = button(word("swap"), () => act(() => preview(shell, loser, winner, keepAddress)), "pl-link", "join");
  const go = button(word("merge_now"), () => {
    const isHere = resting();
    act(async () => {
      const done = await sendConfirmed((sure) => api.merge(winner.building_id, { ...body, ...sure }));
      if (!done) return;
      shell.redraw();
      if (isHere()) await shell.toHouse(winner.building_id);
      say(word("merged", { name: done.building.label }));
    });
  }, "btn btn-primary");
  const back = (): void => act(() => shell.toHouse(winner.building_id));
  shell.mark([winner, loser]);
  shell.look([[winner.lat, winner.lon], [loser.lat, loser.lon]], 18.5);
  card(word("merge_houses"), back, [
    h("dl", { class: "pc-two-houses" },
      h("dt", {}, word("stays")), h("dd", { class: "is-winner" }, side(winner)),
      h("dt", {}, word("goes")), h("dd", {}, side(loser)),
    ),
    swap,
    loser.number && loser.street_id
      ? h("label", { class: "form-check" }, keep, h("span", { class: "form-check-label" }, word("keep_address", { address: loser.label })))
      : null,
    moving(told),
    told.notes.length ? noteList(told.notes) : null,
  ], [go]);
}

function side(building: Card): HTMLElement {
  const held = building.held.map((each) => `${each.title}: ${each.count}`);
  if (building.premises) held.unshift(counted("units", building.premises));
  return h("div", {}, h("b", {}, building.label), h("small", {}, held.join(" · ") || word("nothing_held")));
}

function moving(told: Merged): HTMLElement {
  const rows = told.moved.map((each) => h("li", {}, h("span", {}, each.title), h("b", {}, String(each.count))));
  if (told.premises_joined.length) {
    rows.push(h("li", {}, h("span", {}, word("units_joined", { units: told.premises_joined.slice(0, 12).join(", ") }))));
  }
  if (told.overrides_ended) rows.push(h("li", {}, h("span", {}, word("notes_ended", { count: told.overrides_ended }))));
  return h(
    "div",
    { class: "pl-effect pc-moving" },
    h("h3", {}, word("what_moves")),
    rows.length ? h("ul", {}, ...rows) : h("p", {}, word("nothing_moves")),
  );
}
