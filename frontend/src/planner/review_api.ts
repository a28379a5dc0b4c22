// The API of change sets, the map in time, standing rules, notes about buildings and presence.

import type { Answer } from "../shared/buildings";
import type { ZoneStatus } from "../shared/map";
import { call, type Impact, type ZoneFeature } from "./api";

export type SetState = "DRAFT" | "REVIEW" | "PUBLISHED" | "CANCELLED";

export interface SetZone {
  zone_id: number;
  name: string;
  network_type: string;
  priority: number;
  status: ZoneStatus;
  stale: boolean;
  geometry?: GeoJSON.MultiPolygon;
  old_status?: ZoneStatus | null;
  old_geometry?: GeoJSON.MultiPolygon | null;
}

export interface ChangeSet {
  changeset_id: number;
  title: string;
  state: SetState;
  author: string;
  author_id: number | null;
  created_at: string;
  submitted_at: string | null;
  approved_at: string | null;
  approved_by: string;
  publish_at: string | null;
  existing?: "KEEP" | "MOVE";
  move_on?: string | null;
  scheduled_by: string;
  published_at: string | null;
  published_by: string;
  failure: { at: string; planned_for: string; code: string; message: string } | null;
  zones: SetZone[];
}

export interface Note {
  at: string;
  kind: string;
  author: string;
  text: string;
}

export interface OpenedSet extends ChangeSet {
  need_review: boolean;
  drawn_by_me: boolean;
  impact: Partial<Impact> | null;
  notes: Note[];
}

export type Shelf = "open" | "published" | "cancelled";

export interface Listed {
  need_review: boolean;
  changesets: ChangeSet[];
  next: number | null;
}

export interface Moment {
  at: string;
  zones: string[];
  title: string;
  author: string | null;
}

export interface Changed {
  zone_id: number;
  name: string;
  network_type: string;
  old_status: ZoneStatus | null;
  new_status: ZoneStatus | null;
  old_priority: number | null;
  new_priority: number | null;
  added_m2: number;
  removed_m2: number;
  added: GeoJSON.Geometry | null;
  removed: GeoJSON.Geometry | null;
  gained: number;
  lost: number;
}

export interface MapDifference {
  zones: Changed[];
  added_m2: number;
  removed_m2: number;
  gained: number;
  lost: number;
}

export interface RetiredZone {
  zone_id: number;
  name: string;
  network_type: string;
  revision: number;
  archived_at: string | null;
  comment: string;
}

export type Level = "OFF" | "WARN" | "BLOCK";

export interface Violation {
  key: string;
  text: string;
  lon: number;
  lat: number;
  building_id: number | null;
  zone_ids: number[];
  geometry: GeoJSON.Geometry | null;
}

export interface Rule {
  name: string;
  title: string;
  hint: string;
  level: Level;
  always: boolean;
  total: number;
  violations: Violation[];
}

export interface Override {
  override_id: number;
  network_type: string;
  available: boolean;
  reason: string;
  in_force: boolean;
  author: string;
  valid_from: string;
  valid_until: string | null;
  ended_by: string;
  end_reason: string;
}

export interface BuildingState {
  building_id: number;
  address: string;
  lon: number;
  lat: number;
  wiring: string;
  answers: {
    network_type: string;
    answer: Answer;
    reason: string;
    zone_id: number | null;
    zone_name: string;
    distance_m: number | null;
  }[];
  overrides: Override[];
  may_override: boolean;
}

export interface OverrideInForce extends Override {
  building_id: number;
  address: string;
  lon: number;
  lat: number;
}

export interface OverrideBody {
  network_type: string;
  available: boolean;
  reason: string;
  last_date: string | null;
}

export interface Suggestion {
  label: string;
  text: string;
  locality: string;
  street_id: number;
  building_id: number | null;
  note: string;
}

export interface Person {
  user_id: number;
  name: string;
  subject: string;
  edits: boolean;
}

/** What becomes of existing clients: kept on their terms, or moved to the new ones from a day. */
export interface Terms {
  existing?: "KEEP" | "MOVE";
  move_on?: string | null;
}

/** Where a draft is to be put. */
export interface Target {
  changeset_id?: number;
  changeset_title?: string;
}

const set = (id: number): string => `changesets/${id}/`;

export const review = {
  list: (shelf: Shelf, before: number | null = null, mine = false) =>
    call<Listed>(
      "GET",
      `changesets/?state=${shelf}${before ? `&before=${before}` : ""}${mine ? "&mine=1" : ""}`,
    ),
  open: (id: number) => call<OpenedSet>("GET", set(id)),
  rename: (id: number, title: string) => call<OpenedSet>("PATCH", set(id), { title }),
  submit: (id: number, text: string) => call<OpenedSet>("POST", `${set(id)}submit/`, { text }),
  /** `seen`: when what the person looks at was handed over; refused when that is not so any more. */
  approve: (id: number, text: string, seen: string | null) =>
    call<OpenedSet>("POST", `${set(id)}approve/`, { text, seen }),
  sendBack: (id: number, text: string) => call<OpenedSet>("POST", `${set(id)}send-back/`, { text }),
  comment: (id: number, text: string) => call<OpenedSet>("POST", `${set(id)}comments/`, { text }),
  impact: (id: number, moveOn: string) => call<Impact>("GET", `${set(id)}impact/?move_on=${moveOn}`),
  publish: (id: number, terms: Terms, seen: string | null) =>
    call<{ impact: Impact }>("POST", `${set(id)}publish/`, { ...terms, seen }),
  schedule: (id: number, publish_at: string, terms: Terms) =>
    call<OpenedSet>("POST", `${set(id)}schedule/`, { publish_at, ...terms }),
  unschedule: (id: number) => call<OpenedSet>("DELETE", `${set(id)}schedule/`),

  moments: () => call<{ moments: Moment[] }>("GET", "zones/moments/"),
  zonesAt: (at: string, signal?: AbortSignal) =>
    call<{ features: ZoneFeature[] }>("GET", `zones/?at=${encodeURIComponent(at)}`, undefined, signal),
  difference: (from: string, until: string, signal?: AbortSignal) =>
    call<MapDifference>(
      "GET",
      `zones/difference/?from=${encodeURIComponent(from)}&until=${encodeURIComponent(until)}`,
      undefined,
      signal,
    ),
  retired: () => call<{ zones: RetiredZone[] }>("GET", "zones/retired/"),

  rules: () => call<{ invariants: Rule[]; may_set: boolean }>("GET", "invariants/"),
  setLevel: (name: string, level: Level) => call<null>("PUT", `invariants/${name}/`, { level }),

  building: (id: number) => call<BuildingState>("GET", `buildings/${id}/`),
  overrides: () => call<{ overrides: OverrideInForce[] }>("GET", "overrides/"),
  setOverride: (id: number, body: OverrideBody) =>
    call<BuildingState>("POST", `buildings/${id}/overrides/`, body),
  endOverride: (id: number, reason: string) => call<null>("POST", `overrides/${id}/end/`, { reason }),

  present: (subject: string, tab: string, edits: boolean) =>
    call<{ present: Person[] }>("POST", "presence/", { subject, tab, edits }),
};

export async function suggest(text: string, signal: AbortSignal): Promise<Suggestion[]> {
  const answer = await fetch(`/api/v1/addresses/suggest?limit=8&q=${encodeURIComponent(text)}`, {
    signal,
    headers: { Accept: "application/json" },
  });
  return answer.ok ? ((await answer.json()) as Suggestion[]) : [];
}
