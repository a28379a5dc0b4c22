// The API of places as this page uses it.

import { call } from "../planner/api";
import { config } from "../planner/dom";

export interface OtherAddress {
  street_id: number;
  street: string;
  number: string;
}

export interface Building {
  building_id: number;
  revision: number;
  label: string;
  locality: string;
  locality_id: number;
  street_id: number | null;
  street: string;
  number: string;
  other_addresses: OtherAddress[];
  lon: number;
  lat: number;
  wiring: string;
  flats: number | null;
  levels: number | null;
  entrances: number | null;
  access_note: string;
  location_source: string;
  retired: boolean;
  merged_into: number | null;
}

export interface Held {
  name: string;
  title: string;
  count: number;
  living: number;
}

export interface Card extends Building {
  held: Held[];
  premises: number;
}

export interface Note {
  code: string;
  text: string;
  level: "INFO" | "WARNING";
}

export interface Done {
  building: Building;
  notes: Note[];
}

export interface Merged extends Done {
  moved: Held[];
  premises_joined: string[];
  overrides_ended: number;
  already: boolean;
}

export interface StreetRow {
  street_id: number;
  label: string;
  type: string;
  name: string;
  locality_id: number;
  locality: string;
  revision: number;
  retired: boolean;
  buildings: number;
}

export interface Street extends StreetRow {
  aliases: { label: string; until_date: string | null }[];
  merged_into: number | null;
  bounds: [[number, number], [number, number]] | null;
}

export interface House {
  building_id: number;
  number: string;
  lon: number;
  lat: number;
  revision: number;
  wiring: string;
  retired: boolean;
}

export interface Houses {
  houses: House[];
  further: House[];
  next: string | null;
}

export interface Guess {
  street_id: number;
  label: string;
  locality: string;
  metres: number;
  number: string;
}

export interface Premise {
  premise_id: number;
  unit: string;
  entrance: string;
  floor: number | null;
  retired: boolean;
  living: number;
}

export interface Entry {
  entry_id: number;
  at: string;
  who: string;
  action: string;
  summary: string;
  before: Record<string, unknown> | null;
  after: Record<string, unknown> | null;
}

export interface History {
  entries: Entry[];
  next: number | null;
  undo: { allowed: boolean; why_not: string; action: string | null };
}

export interface Collision {
  number: string;
  loser: { building_id: number; label: string; revision: number };
  winner: { building_id: number; label: string; revision: number };
}

export interface StreetMerge {
  street: Street;
  buildings: number;
  collisions: Collision[];
  already: boolean;
}

export interface Suggestion {
  label: string;
  text: string;
  locality: string;
  street_id: number;
  building_id: number | null;
  note: string;
}

export type Values = Record<string, unknown>;

const q = encodeURIComponent;
const house = (id: number, verb = ""): string => `places/buildings/${id}/${verb}`;
const street = (id: number, verb = ""): string => `places/streets/${id}/${verb}`;

export const api = {
  guess: (lat: number, lon: number) =>
    call<{ streets: Guess[] }>("GET", `places/guess/?lon=${lon}&lat=${lat}`),
  number: (id: number, lat: number, lon: number) =>
    call<{ number: string }>("GET", `${street(id, "number/")}?lon=${lon}&lat=${lat}`),
  localities: (text: string) =>
    call<{ localities: { locality_id: number; name: string; parent: string }[] }>(
      "GET",
      `places/localities/?q=${q(text)}`,
    ),
  streets: (text: string, after: string, signal?: AbortSignal) =>
    call<{ streets: StreetRow[]; next: string | null }>(
      "GET",
      `places/streets/?q=${q(text)}&after=${q(after)}`,
      undefined,
      signal,
    ),
  street: (id: number) => call<Street>("GET", street(id)),
  houses: (id: number, after: string) => call<Houses>("GET", `${street(id, "houses/")}?after=${q(after)}`),
  createStreet: (body: Values) => call<Street>("POST", "places/streets/", body),
  renameStreet: (id: number, body: Values) => call<Street>("POST", street(id, "rename/"), body),
  streetVerb: (id: number, verb: string, revision: number) =>
    call<Street>("POST", street(id, `${verb}/`), { base_revision: revision }),
  mergeStreets: (winner: number, body: Values) =>
    call<StreetMerge>("POST", street(winner, "merge/"), body),
  building: (id: number) => call<Card>("GET", house(id)),
  create: (body: Values) => call<Done>("POST", "places/buildings/", body),
  change: (id: number, body: Values) => call<Done>("PATCH", house(id), body),
  buildingVerb: (id: number, verb: string, body: Values) => call<Done>("POST", house(id, `${verb}/`), body),
  merge: (winner: number, body: Values) => call<Merged>("POST", house(winner, "merge/"), body),
  history: (kind: "buildings" | "streets", id: number, before: number | null) =>
    call<History>("GET", `places/${kind}/${id}/history/${before ? `?before_id=${before}` : ""}`),
  premises: (id: number) => call<{ premises: Premise[] }>("GET", house(id, "premises/")),
  addPremises: (id: number, body: Values) =>
    call<{ added: number; known: number }>("POST", house(id, "premises/"), body),
  changePremise: (id: number, body: Values) => call<Premise>("PATCH", `places/premises/${id}/`, body),
  premiseVerb: (id: number, verb: string) => call<Premise>("POST", `places/premises/${id}/${verb}/`, {}),
  suggest: async (text: string, signal?: AbortSignal): Promise<Suggestion[]> => {
    const { suggestUrl } = config as unknown as { suggestUrl: string };
    const answer = await fetch(`${suggestUrl}?limit=8&q=${q(text)}`, { signal });
    return answer.ok ? ((await answer.json()) as Suggestion[]) : [];
  },
};
