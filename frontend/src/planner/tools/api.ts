// The API of the drawing tools: previews only, nothing is stored.

import { call, type Figures, type Problem, type Shape } from "../api";
import { word } from "../dom";

export interface Preview extends Figures {
  geometry: GeoJSON.MultiPolygon;
}

export interface ToolContext {
  zone_id: number | null;
  changeset_id: number | null;
  network_type: string;
}

export interface Suggestion {
  label: string;
  text: string;
  locality: string;
  street_id: number;
  building_id: number | null;
  note: string;
}

export interface StreetProperties {
  id: number;
  label: string;
}

type Body = ToolContext & Record<string, unknown>;

function tool<T>(name: string): (body: Body, signal?: AbortSignal) => Promise<T> {
  return (body, signal) => call<T>("POST", `geometry/${name}/`, body, signal);
}

export const toolApi = {
  split: tool<{ pieces: Preview[] }>("split"),
  merge: tool<Preview & { parts_before: number }>("merge"),
  subtract: tool<Preview>("subtract"),
  buffer: tool<Preview>("buffer"),
  simplify: tool<Preview & { points_before: number; points_after: number }>("simplify"),
  repair: tool<Preview & { problems: Problem[] }>("repair"),
  fromBuildings: tool<Preview & { others: number }>("from-buildings"),
  figures: tool<Figures>("figures"),
  streets: (bbox: string, signal?: AbortSignal) =>
    call<GeoJSON.FeatureCollection<GeoJSON.Geometry, StreetProperties> & { left_out: boolean }>(
      "GET",
      `streets/?bbox=${bbox}`,
      undefined,
      signal,
    ),
  streetBuildings: (street: number) =>
    call<{ building_ids: number[]; addresses: Record<string, string> }>("GET", `streets/${street}/buildings/`),
  buildingUnder: (lon: number, lat: number) =>
    call<{ building_id: number | null; address: string }>(
      "GET",
      `buildings/under/?lon=${lon}&lat=${lat}`,
    ),
};

/** Streets and houses for what is typed; an unreadable text simply finds nothing. */
export async function suggest(text: string, signal: AbortSignal): Promise<Suggestion[]> {
  const answer = await fetch(`/api/v1/addresses/suggest?q=${encodeURIComponent(text)}&limit=8`, {
    signal,
    headers: { Accept: "application/json" },
  });
  return answer.ok ? ((await answer.json()) as Suggestion[]) : [];
}

/** Addresses of buildings in a box, by id: for lists of what was chosen on the map. */
export async function addressesIn(url: string, bbox: string): Promise<Map<number, string>> {
  const answer = await fetch(`${url}?bbox=${bbox}&limit=5000`, {
    headers: { Accept: "application/json" },
  });
  if (!answer.ok) return new Map();
  const found = (await answer.json()) as GeoJSON.FeatureCollection<
    GeoJSON.Geometry,
    { id: number; label: string }
  >;
  return new Map(
    found.features.map(({ properties }) => [properties.id, properties.label || nameless(properties.id)]),
  );
}

export function nameless(id: number): string {
  return word("building_nameless", { id });
}

/** A shape as one of the parts of a request. */
export function geometries(shape: Shape | null): Shape[] {
  return shape ? [shape] : [];
}
