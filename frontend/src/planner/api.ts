// The API of zones as the planner uses it.

import type { ZoneProperties, ZoneStatus } from "../shared/map";
import { config, word } from "./dom";

export type Shape = GeoJSON.Polygon | GeoJSON.MultiPolygon;

export interface Problem {
  code: string;
  message: string;
  lon: number | null;
  lat: number | null;
}

/** What is counted in an outline, and against the published one of the zone. */
export interface Figures {
  area_m2: number | null;
  points: number | null;
  parts: number | null;
  buildings: number | null;
  gained: number | null;
  lost: number | null;
  building_ids: number[];
  lost_ids: number[];
  counts: { name: string; title: string; inside: number; gained: number; lost: number }[];
}

export interface Check extends Figures {
  valid: boolean;
  problems: Problem[];
  geometry: GeoJSON.MultiPolygon | null;
  repaired: GeoJSON.MultiPolygon | null;
}

/** The zone and network that figures are held against. */
export interface Against {
  zone_id: number | null;
  network_type: string;
}

export interface ZoneInfo extends ZoneProperties {
  kind: "published" | "draft";
  code: string;
  network_type: string;
  priority: number;
  revision: number;
  planned_for_date: string | null;
  area_m2: number;
  comment: string;
  buildings?: number;
  version_id?: number | null;
  changeset_id?: number;
  author?: string | null;
  author_id?: number | null;
  stale?: boolean;
}

export type ZoneFeature = GeoJSON.Feature<GeoJSON.MultiPolygon, ZoneInfo>;

export interface Overlap {
  zone_id: number;
  zone_name: string;
  other_zone_id: number;
  other_zone_name: string;
  network_type: string;
  priority: number;
  area_m2: number;
  geometry: GeoJSON.Geometry;
}

export interface Refusal {
  code: string;
  message: string;
  context?: Record<string, unknown>;
}

export interface Impact {
  zones: {
    zone_id: number;
    name: string;
    network_type: string;
    old_status: ZoneStatus | null;
    new_status: ZoneStatus;
    old_priority: number | null;
    new_priority: number;
    before: number;
    after: number;
    gained: number;
    lost: number;
    gained_ids: number[];
    lost_ids: number[];
  }[];
  gained: number;
  lost: number;
  asked: string[];
  lines: { probe: string; text: string; count: number; level: "INFO" | "WARNING" }[];
  invariants: { name: string; title: string; blocks: boolean; count: number; texts: string[] }[];
  existing?: {
    move_on: string;
    services: number;
    monthly_before_kopecks: number;
    monthly_after_kopecks: number;
    dearer: number;
    cheaper: number;
    not_sold: number;
    examples: {
      address: string;
      contract: string;
      tariff: string;
      old_kopecks: number;
      new_kopecks: number | null;
    }[];
  } | null;
  overlaps: Overlap[];
  refusals: Refusal[];
  can_publish: boolean;
}

export interface Version {
  version_id: number;
  revision: number;
  status: ZoneStatus;
  priority: number;
  valid_from: string;
  valid_until: string | null;
  area_m2: number;
  comment: string;
  author: string;
  geometry: GeoJSON.MultiPolygon;
}

export interface ZoneState {
  zone_id: number;
  name: string;
  revision: number;
  published: Version | null;
  drafts: ZoneFeature[];
}

export interface Difference {
  fields: Record<string, [unknown, unknown]>;
  only_mine: GeoJSON.Geometry;
  only_theirs: GeoJSON.Geometry;
  only_mine_m2: number;
  only_theirs_m2: number;
}

export interface Saved {
  zone_id: number;
  changeset_id: number;
  revision: number;
}

export interface DraftBody {
  name: string;
  network_type: string;
  status: string;
  priority: number;
  planned_for_date: string | null;
  comment: string;
  geometry: Shape | string;
  changeset_id?: number;
  changeset_title?: string;
}

/** A 4xx answer: `fields` are faults of single fields, `context` is what the code promises. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly field = "",
    readonly context: Record<string, unknown> = {},
    readonly fields: Record<string, string> = {},
  ) {
    super(message);
  }
}

export function errorFrom(status: number, body: unknown): ApiError {
  const data = (body ?? {}) as Record<string, unknown>;
  const error = data.error as Record<string, unknown> | undefined;
  if (error) {
    return new ApiError(
      status,
      String(error.code),
      String(error.message),
      String(error.field ?? ""),
      (error.context ?? {}) as Record<string, unknown>,
    );
  }
  if (typeof data.detail === "string") return new ApiError(status, "refused", data.detail);
  const fields = Object.fromEntries(
    Object.entries(data).map(([name, text]) => [name, Array.isArray(text) ? text.join(" ") : `${text}`]),
  );
  const first = Object.values(fields)[0] ?? word("failed");
  return new ApiError(status, "invalid", first, Object.keys(fields)[0] ?? "", {}, fields);
}

export async function call<T>(method: string, path: string, body?: object, signal?: AbortSignal): Promise<T> {
  let answer: Response;
  try {
    answer = await fetch(config.api + path, {
      method,
      signal,
      headers: {
        Accept: "application/json",
        "X-CSRFToken": config.csrf,
        ...(body ? { "Content-Type": "application/json" } : {}),
      },
      body: body ? JSON.stringify(body) : undefined,
    });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new ApiError(0, "offline", word("offline"));
  }
  const isJson = answer.headers.get("Content-Type")?.includes("json");
  const data: unknown = isJson ? await answer.json() : null;
  if (!answer.ok) throw errorFrom(answer.status, data ?? { detail: word("failed") });
  return data as T;
}

export const api = {
  zones: () =>
    call<GeoJSON.FeatureCollection<GeoJSON.MultiPolygon, ZoneInfo>>("GET", "zones/?drafts=1"),
  zone: (id: number) => call<ZoneState>("GET", `zones/${id}/`),
  create: (body: DraftBody) => call<Saved>("POST", "zones/", body),
  save: (id: number, body: DraftBody & { base_revision: number }) =>
    call<Saved>("PUT", `zones/${id}/draft/`, body),
  discard: (id: number, changeset: number) =>
    call<null>("DELETE", `zones/${id}/draft/?changeset_id=${changeset}`),
  check: (geometry: Shape | string, signal?: AbortSignal, against?: Against) =>
    call<Check>("POST", "geometry/check/", { geometry, ...against }, signal),
  trim: (zone: number, other: number, changeset: number) =>
    call<{ geometry: GeoJSON.MultiPolygon }>("POST", "geometry/trim/", {
      zone_id: zone,
      other_zone_id: other,
      changeset_id: changeset,
    }),
  impact: (changeset: number) => call<Impact>("GET", `changesets/${changeset}/impact/`),
  versions: (id: number) => call<{ versions: Version[] }>("GET", `zones/${id}/versions/`),
  /** An earlier version as a draft in a change set of its own; nothing is published. */
  rollback: (id: number, version: number, revision: number) =>
    call<{ changeset_id: number }>("POST", `zones/${id}/rollback/draft/`, {
      version_id: version,
      base_revision: revision,
    }),
};
