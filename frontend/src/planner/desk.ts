// The page as its parts see it: what is open on it, and what they may ask of it.

import type { BuildingLayer } from "../shared/buildings";
import type { DraftBody } from "./api";
import type { Editor, Steps } from "./editor";
import type { Form } from "./form";
import type { Into } from "./into";
import type { ZoneRow } from "./list";
import type { Scene } from "./scene";
import type { Streets } from "./tools/streets";

export interface Desk {
  readonly map: L.Map;
  readonly editor: Editor;
  readonly form: Form;
  readonly streets: Streets;
  readonly scene: Scene;
  readonly into: Into;
  readonly buildings: BuildingLayer;
  readonly zoneRows: readonly ZoneRow[];
  readonly workingChangeset: number | null;
  readonly open: ZoneRow | null;
  /** The other parts, as far as parts need each other. */
  readonly history: { openFor(zone: { id: number; revision: number }, way: (() => void) | null): Promise<void> };
  readonly sets: { readonly opened: { changeset_id: number } | null; open(id: number): Promise<void> };
  readonly reviewing: { readonly changeset: number | null };
  readonly houses: { open(id: number): Promise<void> };
  readonly keep: { note(): void };
  zonePicker: ((id: number) => void) | null;

  reload(): Promise<void>;
  fail(error: unknown): void;
  row(id: number): ZoneRow | undefined;
  openZone(id: number, shape?: GeoJSON.MultiPolygon, changeset?: number, steps?: Steps): void;
  newZone(): void;
  save(body: DraftBody): Promise<void>;
  mayLeave(): boolean;
  leave(): boolean;
  backToList(): void;
  toEdit(): void;
  pause(): void;
  prefer(changeset: number | null): void;
  review(changeset?: number | null): Promise<void>;
  afterPublication(toList: boolean): Promise<void>;
  highlight(ids: Iterable<number>): void;
  overlay(layer: L.Layer | null): void;
  dim(zones: Set<number>): void;
  lookAt(lat: number, lon: number, zoom: number): void;
}
