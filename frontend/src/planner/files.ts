// Files of zones: sending one for a look or for good, fetching one.

import { ApiError, errorFrom, type Problem } from "./api";
import { config, word } from "./dom";

export type Action = "repair_offered" | "swap_offered" | "refused" | "created" | "updated" | "unchanged";

export interface Feature {
  row: number;
  name: string;
  code: string;
  layer: string;
  action: Action;
  changed: "" | "repaired" | "swapped";
  reason: string;
  problems: Problem[];
  notes: Problem[];
  lon: number | null;
  lat: number | null;
  zone_id: number | null;
  geometry: GeoJSON.MultiPolygon | null;
}

export interface Report {
  source: string;
  format: string;
  sha256: string;
  encoding: string;
  crs: string;
  changeset_id: number | null;
  columns: { name: string; sample: string }[];
  mapping: Record<string, string>;
  counts: Record<Action, number>;
  remarks: Problem[];
  features: Feature[];
}

async function request(path: string, init: RequestInit): Promise<Response> {
  let answer: Response;
  try {
    answer = await fetch(config.api + path, init);
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new ApiError(0, "offline", word("file_gone"));
  }
  if (answer.ok) return answer;
  const isJson = answer.headers.get("Content-Type")?.includes("json");
  throw errorFrom(answer.status, isJson ? await answer.json() : { detail: word("failed") });
}

/** Import a file; the report comes back even when not one feature could be taken (422). */
export async function sendFile(
  file: File,
  fields: Record<string, string>,
  signal?: AbortSignal,
): Promise<Report> {
  const body = new FormData();
  body.set("file", file, file.name);
  for (const [name, value] of Object.entries(fields)) body.set(name, value);
  const headers = { Accept: "application/json", "X-CSRFToken": config.csrf };
  try {
    const answer = await request("zones/import/", { method: "POST", headers, body, signal });
    return (await answer.json()) as Report;
  } catch (error) {
    if (error instanceof ApiError && error.context.report) return error.context.report as Report;
    throw error;
  }
}

/** Fetch an export and hand it to the person as a download. */
export async function fetchExport(query: URLSearchParams): Promise<void> {
  const answer = await request(`zones/export/?${query.toString()}`, { method: "GET" });
  const named = /filename="([^"]+)"/.exec(answer.headers.get("Content-Disposition") ?? "");
  download(await answer.blob(), named?.[1] ?? "zones");
}

export function download(data: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(data);
  link.download = name;
  link.click();
  window.setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
