// The page as a whole: what is loaded, what is open, what happens on each button.

import { type BuildingLayer } from "../shared/buildings";
import { createMap, L } from "../shared/map";
import { api, ApiError, type DraftBody, type Saved, type ZoneFeature } from "./api";
import { Archive } from "./archive";
import { ChangeSets } from "./changesets";
import { byId, config, counted, say, word } from "./dom";
import type { Desk } from "./desk";
import { Editor, type Steps } from "./editor";
import { startExport } from "./exporting";
import { Form } from "./form";
import { History } from "./history";
import { Houses } from "./houses";
import { Importer } from "./importing";
import { Into } from "./into";
import { myDraft, rowsOf, showLegend, showList, shownOf, startListKeys, type ZoneRow } from "./list";
import { lowerSheet, raiseSheet, show, startSheet, view } from "./panel";
import { Presence } from "./presence";
import { Reviewing } from "./reviewing";
import { Rules } from "./rules";
import { Saving } from "./saving";
import { Scene } from "./scene";
import { Stale } from "./stale";
import { startText } from "./text";
import { TimeSlider } from "./timeslider";
import type { Bench } from "./tools/bench";
import { Keep } from "./tools/keep";
import { startTools } from "./tools/start";
import { Streets } from "./tools/streets";
import { closeWhatIf, drawGiven, startWhatIf } from "./whatif";

export class Planner implements Desk {
  readonly map: L.Map;
  readonly editor: Editor;
  readonly form: Form;
  readonly keep: Keep;
  readonly streets: Streets;
  private readonly bench: Bench;
  /** While a tool lets zones be chosen by a click on the map. */
  zonePicker: ((id: number) => void) | null = null;
  readonly scene: Scene;
  readonly history: History;
  readonly sets: ChangeSets;
  readonly houses: Houses;
  readonly into = new Into();
  private readonly past: TimeSlider;
  readonly reviewing: Reviewing;
  private readonly presence: Presence;
  private readonly saving: Saving;
  private rows: ZoneRow[] = [];
  private changeset: number | null = null;
  turn = 0; // counts what was opened and closed
  private preferred: number | null = null;
  open: ZoneRow | null = null;

  constructor() {
    this.map = createMap(byId("pl-map"));
    if (config.bounds) this.map.fitBounds(config.bounds, { padding: [30, 30], maxZoom: 17, animate: false });
    this.scene = new Scene(this.map);
    this.scene.onZone = (zone, event) => this.clicked(zone, event);
    this.editor = new Editor(this.map);
    this.form = new Form(this.editor);
    this.history = new History(this);
    this.saving = new Saving(this, new Stale(this));
    this.form.onChecked = (check) => this.scene.showInside(check?.building_ids ?? []);
    this.form.onSubmit = (body) => void this.save(body);
    this.keep = new Keep(this);
    this.streets = new Streets(this.map);
    this.startButtons();
    this.bench = startTools(this);
    startText(this);
    startWhatIf(this);
    startExport(this);
    new Importer(this);
    this.sets = new ChangeSets(this);
    this.reviewing = new Reviewing(this);
    this.houses = new Houses(this);
    this.past = new TimeSlider(this);
    new Archive(this);
    new Rules(this);
    this.presence = new Presence(this);
    startListKeys();
    showLegend();
    startSheet(() => undefined);
  }

  async start(): Promise<void> {
    await this.reload();
    if (drawGiven(this)) return;
    const asked = new URLSearchParams(location.search);
    const wanted = Number(asked.get("zone"));
    const at = asked.get("at");
    if (at) await this.past.open({ at, zone: wanted });
    else if (this.rows.some((row) => row.id === wanted)) this.openZone(wanted);
    else if (this.scene.bounds.isValid()) {
      // Leaflet forgets a second move while the first still runs, and a zone may be opened at once.
      this.map.fitBounds(this.scene.bounds, { ...this.editor.room(), animate: false });
    }
  }

  /** Fetch zones and drafts again; the map and the list follow. */
  async reload(): Promise<void> {
    try {
      const [found] = await Promise.all([api.zones(), this.into.load()]);
      this.rows = rowsOf(found.features);
    } catch (error) {
      this.fail(error);
      return;
    }
    this.draw();
    this.showList();
    this.keep.offer();
    const mine = this.rows.map(myDraft).filter((draft) => draft !== null);
    const idOf = (draft: ZoneFeature): number | undefined => draft.properties.changeset_id;
    const first = mine.find((draft) => idOf(draft) === this.preferred) ?? mine[0];
    this.changeset = (first && idOf(first)) ?? null;
    byId("pl-bar").hidden = mine.length === 0;
    const together = mine.filter((draft) => idOf(draft) === this.changeset);
    byId("pl-bar-text").textContent = counted("drafts", together.length);
  }

  /** Which of my change sets is to be reviewed first, from the next reload on. */
  prefer(changeset: number | null): void {
    this.preferred = changeset;
  }

  get zoneRows(): readonly ZoneRow[] {
    return this.rows;
  }

  /** The change set that the open zone's draft is in, or would join. */
  get workingChangeset(): number | null {
    return this.into.target().changeset_id ?? this.changeset;
  }

  get buildings(): BuildingLayer {
    return this.scene.buildings;
  }

  highlight(ids: Iterable<number>): void {
    this.scene.highlight(ids);
  }

  row(id: number): ZoneRow | undefined {
    return this.rows.find((row) => row.id === id);
  }

  /** `changeset`: the draft in it is meant, also somebody else's. `steps`: may still be undone. */
  openZone(id: number, shape?: GeoJSON.MultiPolygon, changeset?: number, steps?: Steps): void {
    const row = this.row(id);
    if (!row || !this.mayLeave()) return;
    this.closeAll();
    this.open = row;
    const meant = row.drafts.find((draft) => draft.properties.changeset_id === changeset);
    const feature = meant ?? shownOf(row);
    this.draw();
    this.into.offer(meant ?? myDraft(row));
    this.form.fill(feature.properties, row.published?.properties.status ?? null, Boolean(row.published));
    this.editor.open(feature.geometry, steps);
    if (shape) this.editor.replace(shape); // a step that can be undone
    this.enterEdit(feature.properties.name);
    byId("pl-discard").hidden = myDraft(row) === null;
    byId("pl-history").hidden = row.published === null;
    this.editor.zoomTo();
    history.replaceState({}, "", `?zone=${id}`);
  }

  newZone(): void {
    if (!this.mayLeave()) return;
    this.closeAll();
    this.into.offer(null);
    this.form.fill(null, null, false);
    this.editor.open(null);
    this.enterEdit(word("new_zone"));
    byId("pl-discard").hidden = true;
    byId("pl-history").hidden = true;
    lowerSheet();
  }

  /** Back to the list; what is not saved is asked about. */
  backToList(): void {
    if (!this.mayLeave()) return;
    this.closeAll();
    this.draw();
    show("list");
    history.replaceState({}, "", location.pathname);
    document.querySelector<HTMLElement>("#pl-zones button")?.focus({ preventScroll: true });
  }

  overlay(layer: L.Layer | null): void {
    this.scene.overlay(layer);
  }

  fail(error: unknown): void {
    if (error instanceof DOMException && error.name === "AbortError") return;
    if (error instanceof ApiError) say(error.message, "error");
    else {
      say(word("failed"), "error");
      throw error;
    }
  }

  save(body: DraftBody): Promise<void> {
    return this.saving.save(body);
  }

  /** The open zone is the saved one now; its outline, fields and view stay as they are. */
  goOnFrom(saved: Saved): void {
    const row = this.row(saved.zone_id);
    const draft = row?.drafts.find((each) => each.properties.changeset_id === saved.changeset_id);
    if (!row || !draft) return;
    this.open = row;
    this.form.goOnFrom(draft.properties);
    this.into.offer(draft);
    byId("pl-edit-title").textContent = draft.properties.name;
    byId("pl-discard").hidden = false;
    this.keep.forget(); // it was kept as a zone that is not saved
    this.keep.begin(row.id);
    if (this.form.touched) this.keep.note();
    this.draw();
    history.replaceState({}, "", `?zone=${row.id}`);
  }

  private enterEdit(title: string): void {
    byId("pl-edit-title").textContent = title;
    byId("pl-tools").hidden = false;
    this.streets.show(true);
    this.keep.begin(this.open?.id ?? null);
    show("edit");
    raiseSheet();
  }

  /** Before another view: false when the person stays with what is not saved. */
  leave(): boolean {
    if (!this.mayLeave()) return false;
    this.closeAll();
    this.draw();
    return true;
  }

  /** A view shows these zones itself. */
  dim(zones: Set<number>): void {
    this.scene.dim(zones);
    this.draw();
  }

  lookAt(lat: number, lon: number, zoom: number): void {
    const bounds = L.latLng(lat, lon).toBounds(60);
    this.map.fitBounds(bounds, { ...this.editor.room(), maxZoom: Math.max(zoom, this.map.getZoom()) });
  }

  private showList(): void {
    showList(this.rows, (id) => this.openZone(id));
    this.presence.markList();
  }

  mayLeave(): boolean {
    const leaves = view() === "edit" || view() === "text";
    return !leaves || !this.form.touched || window.confirm(word("leave"));
  }

  closeAll(): void {
    this.turn += 1;
    this.bench.reset();
    this.streets.show(false);
    closeWhatIf();
    this.past.close();
    this.form.close();
    this.editor.close();
    this.scene.clear();
    this.open = null;
    byId("pl-tools").hidden = true;
    byId("pl-hint").hidden = true;
    this.keep.end();
  }

  private draw(): void {
    this.scene.draw(this.rows, this.open);
  }

  private clicked(zone: number, event: L.LeafletMouseEvent): void {
    if (this.zonePicker) this.zonePicker(zone);
    if (this.editor.mode === "draw" || this.editor.mode === "cut" || !this.rests) return;
    L.DomEvent.stop(event);
    if (!this.openHouse(event.latlng) && view() === "list") this.openZone(zone);
  }

  /** Nothing is drawn or compared: a click on the map may open what lies there. */
  private get rests(): boolean {
    return ["list", "building", "rules"].includes(view());
  }

  private openHouse(place: L.LatLng): boolean {
    const building = this.rests ? this.buildings.at(place) : null;
    if (building) void this.houses.open(building.id);
    return building !== null;
  }

  /** The impact of that change set, or of mine. */
  async review(changeset = this.changeset): Promise<void> {
    if (changeset !== null) await this.reviewing.open(changeset);
  }

  /** The map, the list and the answers of buildings have changed. */
  async afterPublication(toList: boolean): Promise<void> {
    if (toList) {
      this.closeAll();
      show("list");
    }
    this.buildings.reload();
    await this.reload();
  }

  private async discard(): Promise<void> {
    const draft = this.open ? myDraft(this.open) : null;
    if (!draft?.properties.changeset_id) return;
    try {
      await api.discard(draft.properties.zone_id, draft.properties.changeset_id);
      this.form.touched = false;
      this.keep.forget();
      say(word("discarded"));
      await this.reload();
      this.backToList();
    } catch (error) {
      this.fail(error);
    }
  }

  private startButtons(): void {
    byId("pl-new").addEventListener("click", () => this.newZone());
    byId("pl-review").addEventListener("click", () => void this.review());
    byId("pl-discard").addEventListener("click", () => void this.discard());
    byId("pl-history").addEventListener("click", () => void this.history.open());
    byId("pl-find").addEventListener("input", () => this.showList());
    this.map.on("click", (event) => this.openHouse(event.latlng));
    for (const button of document.querySelectorAll("[data-back]")) {
      button.addEventListener("click", () => this.backToList());
    }
    for (const button of document.querySelectorAll("[data-to-edit]")) {
      button.addEventListener("click", () => this.toEdit());
    }
    window.addEventListener("beforeunload", (event) => {
      if (this.form.touched) event.preventDefault();
    });
  }

  /** From the text or the history back to the zone that is open. */
  toEdit(): void {
    if (this.history.goBack()) return;
    this.overlay(null);
    byId("pl-tools").hidden = false;
    this.editor.setMode(this.editor.current ? "edit" : "draw");
    show("edit");
  }

  /** While the text, the history or a comparison is shown, nothing is drawn. */
  pause(): void {
    byId("pl-tools").hidden = true;
    this.editor.setMode("view");
  }
}

export function startPlanner(): void {
  if (!document.getElementById("pl-map")) return;
  const planner = new Planner();
  void planner.start();
}
