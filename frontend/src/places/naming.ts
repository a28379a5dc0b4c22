// A new street, another name of a street, two streets that are one.

import { ApiError } from "../planner/api";
import { byId, counted, h, say, word } from "../planner/dom";
import { api, type Collision, type Street, type StreetRow, type Values } from "./api";
import { act, button, card, errorsOf, page, paused, showErrors, type Shell } from "./shell";

type Submit = (values: { type: string; name: string }, form: HTMLFormElement) => Promise<void>;

function field(label: string, name: string, input: HTMLElement, ...below: (Node | null)[]): HTMLElement {
  input.id = `pc-f-${name}`;
  input.setAttribute("name", name);
  return h(
    "div",
    { class: "pl-field" },
    h("label", { for: input.id }, label),
    input,
    ...below,
    h("p", { class: "pl-error", "data-error": name }),
  );
}

/** Type and name; `extra` are more fields of the form. */
function nameForm(type: string, name: string, extra: (Node | null)[], submit: Submit): HTMLFormElement {
  const select = h(
    "select",
    { class: "form-select" },
    ...page.streetTypes.map((each) => h("option", { value: each, selected: each === type }, each)),
  );
  const input = h("input", { class: "form-control", maxlength: 160, value: name, autocomplete: "off" });
  const form = h(
    "form",
    {
      id: "pc-f-form",
      novalidate: true,
      onsubmit: (event) => {
        event.preventDefault();
        act(async () => {
          try {
            await submit({ type: select.value, name: input.value }, form);
          } catch (error) {
            if (!(error instanceof ApiError) || error.status === 412) throw error;
            showErrors(form, errorsOf(error));
          }
        });
      },
    },
    h("div", { class: "pc-name" }, field(word("street_type"), "type", select), field(word("street_name"), "name", input)),
    ...extra,
    h("p", { class: "pl-error", "data-error": "" }),
  );
  return form;
}

const saveButton = (): HTMLElement =>
  h("button", { type: "submit", form: "pc-f-form", class: "btn btn-primary" }, word("save"));

export function newStreetForm(shell: Shell, typed: string): void {
  const places = h("select", { class: "form-select" });
  const find = h("input", {
    class: "form-control mb-2",
    type: "search",
    placeholder: word("find_locality"),
    "aria-label": word("find_locality"),
  });
  const look = paused(180, async (text) => {
    const found = await api.localities(text);
    places.replaceChildren(
      ...found.localities.map((each) =>
        h("option", { value: each.locality_id }, each.parent ? `${each.name}, ${each.parent}` : each.name),
      ),
    );
  });
  find.addEventListener("input", () => look(find.value));
  look("");
  const where = field(word("locality"), "locality_id", places);
  where.insertBefore(find, places);
  const form = nameForm("вулиця", typed.replace(/\d.*$/, "").trim(), [where], async (values) => {
    const street = await api.createStreet({ ...values, locality_id: Number(places.value) });
    say(word("street_made", { name: street.label }));
    await shell.toStreet(street.street_id);
  });
  card(word("new_street"), () => shell.toStreets(), [form], [saveButton()]);
}

export function renameForm(shell: Shell, street: Street): void {
  const date = h("input", { class: "form-control", type: "date", value: new Date().toISOString().slice(0, 10) });
  const slip = h("input", { type: "checkbox", class: "form-check-input" });
  const form = nameForm(
    street.type,
    street.name,
    [
      field(word("renamed_on"), "on_date", date, h("p", { class: "pl-help" }, word("renamed_help"))),
      h("label", { class: "form-check" }, slip, h("span", { class: "form-check-label" }, word("only_slip"))),
    ],
    async (values) => {
      const body: Values = { ...values, base_revision: street.revision, is_correction: slip.checked };
      if (date.value) body.on_date = date.value;
      const done = await api.renameStreet(street.street_id, body);
      say(word("renamed", { name: done.label }));
      shell.redraw();
      await shell.toStreet(street.street_id);
    },
  );
  const back = (): void => act(() => shell.toStreet(street.street_id));
  card(word("rename_of", { name: street.label }), back, [form], [saveButton()]);
}

/** Choose the street that stays, see what it means, merge. */
export function mergeForm(shell: Shell, loser: Street): void {
  const back = (): void => act(() => shell.toStreet(loser.street_id));
  const list = h("ul", { class: "pl-zones pc-list" });
  const find = h("input", {
    class: "form-control",
    type: "search",
    placeholder: word("which_stays"),
    "aria-label": word("which_stays"),
  });
  const look = paused(180, async (text) => {
    const found = await api.streets(text, "");
    const rows = found.streets.filter(
      (each) => each.street_id !== loser.street_id && each.locality_id === loser.locality_id,
    );
    list.replaceChildren(
      ...rows.map((each) =>
        h(
          "li",
          {},
          h(
            "button",
            { type: "button", "data-row": each.street_id, onclick: () => act(() => preview(shell, loser, each)) },
            h("span", { class: "pl-zone" }, h("b", {}, each.label), h("small", {}, counted("houses", each.buildings))),
          ),
        ),
      ),
    );
  });
  find.addEventListener("input", () => look(find.value));
  look(loser.name.slice(0, 4));
  card(word("merge_of", { name: loser.label }), back, [h("p", { class: "pl-help" }, word("merge_street_help")), find, list]);
  byId("pc-card").querySelector("input")?.focus();
}

async function preview(shell: Shell, loser: Street, winner: StreetRow): Promise<void> {
  const body = { loser_id: loser.street_id, loser_revision: loser.revision, winner_revision: winner.revision };
  const told = await api.mergeStreets(winner.street_id, { ...body, dry_run: true });
  const merge = button(word("merge_now"), () => {
    act(async () => {
      await api.mergeStreets(winner.street_id, body);
      say(word("streets_merged", { name: winner.label }));
      shell.redraw();
      await shell.toStreet(winner.street_id);
    });
  }, "btn btn-primary");
  merge.disabled = told.collisions.length > 0;
  const clash = told.collisions.length
    ? h(
        "div",
        { class: "pl-problems" },
        h("p", {}, word("collisions")),
        h("ul", { class: "pc-pairs" }, ...told.collisions.map((pair) => pairRow(shell, pair))),
      )
    : null;
  card(word("merge_of", { name: loser.label }), () => mergeForm(shell, loser), [
    h("p", {}, word("street_into", { loser: loser.label, winner: winner.label })),
    h("p", { class: "pl-help" }, word("street_into_help", { houses: counted("houses", told.buildings) })),
    clash,
  ], [merge]);
}

function pairRow(shell: Shell, pair: Collision): HTMLLIElement {
  const open = (): void => act(() => shell.toMerge(pair.winner.building_id, pair.loser.building_id));
  return h("li", {}, h("span", {}, pair.number), button(word("merge_houses"), open, "pl-link"));
}
