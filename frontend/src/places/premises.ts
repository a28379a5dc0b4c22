// Flats and other units of a building: listed by entrance, added by ranges, renamed, retired.

import { ApiError } from "../planner/api";
import { counted, h, say, word } from "../planner/dom";
import { journey, resting } from "../planner/journey";
import { api, type Building, type Premise } from "./api";
import { act, button, card, errorsOf, showErrors, type Shell } from "./shell";

export async function openPremises(shell: Shell, building: Building): Promise<void> {
  const isWanted = journey();
  const { premises } = await api.premises(building.building_id);
  if (!isWanted()) return;
  const again = (): void => act(() => openPremises(shell, building));
  const rows = premises.filter((each) => each.unit);
  const entrances = [...new Set(rows.map((each) => each.entrance))];
  const groups = entrances.map((entrance) =>
    h(
      "section",
      { class: "pc-entrance" },
      h("h3", {}, entrance ? word("entrance", { number: entrance }) : word("no_entrance")),
      h(
        "ul",
        { class: "pc-units" },
        ...rows.filter((each) => each.entrance === entrance).map((each) => unitRow(each, again)),
      ),
    ),
  );
  const back = (): void => act(() => shell.toHouse(building.building_id));
  card(word("premises_of", { name: building.label }), back, [
    addForm(building, again),
    rows.length ? null : h("p", { class: "pl-help" }, word("no_premises")),
    ...groups,
  ]);
}

function addForm(building: Building, again: () => void): HTMLFormElement {
  const units = h("input", { class: "form-control", id: "pc-units", name: "units", maxlength: 300, placeholder: "1-36, 40, 42А" });
  const entrance = h("input", { class: "form-control", id: "pc-entrance", name: "entrance", maxlength: 8 });
  const form = h(
    "form",
    {
      class: "pc-add",
      novalidate: true,
      onsubmit: (event) => {
        event.preventDefault();
        const isHere = resting();
        act(async () => {
          try {
            const body = { units: units.value, entrance: entrance.value };
            const done = await api.addPremises(building.building_id, body);
            say(word("units_added", { added: counted("units", done.added), known: done.known }));
            if (isHere()) again();
          } catch (error) {
            if (!(error instanceof ApiError) || !isHere()) throw error;
            showErrors(form, errorsOf(error));
          }
        });
      },
    },
    h("div", { class: "pl-field" }, h("label", { for: "pc-units" }, word("units")), units),
    h("div", { class: "pl-field" }, h("label", { for: "pc-entrance" }, word("entrance_word")), entrance),
    h("button", { type: "submit", class: "btn btn-primary" }, word("add")),
    h("p", { class: "pl-error", "data-error": "units" }),
    h("p", { class: "pl-error", "data-error": "entrance" }),
    h("p", { class: "pl-error", "data-error": "" }),
  );
  return form;
}

function unitRow(premise: Premise, again: () => void): HTMLLIElement {
  const row = h("li", { class: premise.retired ? "is-retired" : "" });
  const open = button(premise.unit, () => row.replaceChildren(editor(premise, again)), "pc-unit");
  if (premise.living) open.append(h("i", { class: "pc-dot", title: counted("services", premise.living) }));
  open.setAttribute("aria-label", word("unit_label", { unit: premise.unit, services: counted("services", premise.living) }));
  row.append(open);
  return row;
}

function editor(premise: Premise, again: () => void): HTMLElement {
  const { premise_id: id, unit, entrance, floor } = premise;
  const input = (name: string, label: string, value: string | number | null): HTMLInputElement =>
    h("input", { class: "form-control", name, "aria-label": label, title: label, placeholder: label, value: value ?? "" });
  const fields = [
    input("unit", word("unit"), unit),
    input("entrance", word("entrance_word"), entrance),
    input("floor", word("floor"), floor),
  ] as const;
  const send = (job: () => Promise<unknown>): void => {
    const isHere = resting();
    act(async () => {
      try {
        await job();
        if (isHere()) again();
      } catch (error) {
        if (!(error instanceof ApiError) || !isHere()) throw error;
        showErrors(form, { "": error.message });
      }
    });
  };
  const form: HTMLFormElement = h(
    "form",
    {
      class: "pc-edit-unit",
      novalidate: true,
      onsubmit: (event) => {
        event.preventDefault();
        const [newUnit, newEntrance, newFloor] = fields.map((each) => each.value);
        send(() =>
          api.changePremise(id, {
            seen: { unit, entrance, floor },
            unit: newUnit,
            entrance: newEntrance,
            floor: newFloor === "" ? null : Number(newFloor),
          }),
        );
      },
    },
    ...fields,
    h("button", { type: "submit", class: "btn btn-sm btn-primary" }, word("save")),
    premise.retired
      ? button(word("bring_back"), () => send(() => api.premiseVerb(id, "bring-back")), "btn btn-sm")
      : button(word("retire"), () => send(() => api.premiseVerb(id, "retire")), "btn btn-sm"),
    h("p", { class: "pl-error", "data-error": "" }),
  );
  return form;
}
