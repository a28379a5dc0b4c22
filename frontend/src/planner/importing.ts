// "Import": a file is looked at first (nothing is stored), each feature is told of, then drafted.

import { L, statusColor, token } from "../shared/map";
import { ApiError } from "./api";
import { byId, config, counted, h, icon, say, word } from "./dom";
import { download, sendFile, type Action, type Feature, type Report } from "./files";
import { raiseSheet, show, showProblems, view } from "./panel";
import type { Desk } from "./desk";
import { boundsOf } from "./shapes";

const FIELDS = ["name", "code", "network_type", "status", "priority", "planned_for_date", "comment"];
const LISTED = 200;
const READY: Action[] = ["created", "updated"];
const GROUPS: { actions: Action[]; title: string; tone: string }[] = [
  { actions: ["swap_offered"], title: "files_swap", tone: "ask" },
  { actions: ["repair_offered"], title: "files_repair", tone: "ask" },
  { actions: ["refused"], title: "files_refused", tone: "bad" },
  { actions: READY, title: "files_ready", tone: "good" },
  { actions: ["unchanged"], title: "files_same", tone: "quiet" },
];

export class Importer {
  private file: File | null = null;
  private report: Report | null = null;
  private readonly repaired = new Set<number>();
  private readonly swapped = new Set<number>();
  private columns: Record<string, string> = {};
  private running: AbortController | null = null;

  constructor(private readonly planner: Desk) {
    const input = byId<HTMLInputElement>("pl-file");
    byId("pl-import").addEventListener("click", () => this.open());
    input.addEventListener("change", () => {
      const chosen = input.files?.[0];
      if (chosen) this.take(chosen);
      input.value = "";
    });
    byId("pl-import-form").addEventListener("change", () => {
      this.readForm();
      void this.look();
    });
    byId("pl-import-form").addEventListener("submit", (event) => event.preventDefault());
    byId("pl-import-go").addEventListener("click", () => void this.make());
    byId("pl-import-save").addEventListener("click", () => this.saveReport());
    this.startDrop();
  }

  private open(): void {
    this.forget();
    show("import");
    raiseSheet();
  }

  private forget(): void {
    this.running?.abort();
    this.file = null;
    this.report = null;
    this.columns = {};
    this.repaired.clear();
    this.swapped.clear();
    const form = byId<HTMLFormElement>("pl-import-form");
    form.reset();
    form.hidden = true;
    byId("pl-import-found").hidden = true;
    byId("pl-import-bar").hidden = true;
    byId("pl-import-error").hidden = true;
    byId("pl-drop").classList.remove("is-small");
    this.planner.overlay(null);
  }

  /** A file dropped anywhere on the page is looked at, unless a zone is being drawn. */
  private startDrop(): void {
    const page = byId("main");
    const mayDrop = (event: DragEvent): boolean =>
      Boolean(event.dataTransfer?.types.includes("Files")) && ["list", "import"].includes(view());
    page.addEventListener("dragover", (event) => {
      if (!mayDrop(event)) return;
      event.preventDefault();
      page.classList.add("is-dropping");
    });
    page.addEventListener("dragleave", (event) => {
      if (!page.contains(event.relatedTarget as Node | null)) page.classList.remove("is-dropping");
    });
    page.addEventListener("drop", (event) => {
      page.classList.remove("is-dropping");
      if (!mayDrop(event)) return;
      event.preventDefault();
      const dropped = event.dataTransfer?.files[0];
      if (!dropped) return;
      this.open();
      this.take(dropped);
    });
  }

  private take(file: File): void {
    this.forget();
    this.file = file;
    byId("pl-import-form").hidden = false;
    void this.look();
  }

  private readForm(): void {
    const form = new FormData(byId<HTMLFormElement>("pl-import-form"));
    for (const field of FIELDS) {
      const chosen = form.get(`column_${field}`);
      if (chosen !== null) this.columns[field] = String(chosen);
    }
  }

  private fields(dryRun: boolean): Record<string, string> {
    const form = new FormData(byId<HTMLFormElement>("pl-import-form"));
    return {
      mapping: JSON.stringify(this.columns),
      network_type: String(form.get("network_type") ?? ""),
      status: String(form.get("status") ?? ""),
      crs: String(form.get("crs") ?? ""),
      encoding: String(form.get("encoding") ?? ""),
      accept_repaired: [...this.repaired].join(","),
      swap_axes: [...this.swapped].join(","),
      sha256: this.report?.sha256 ?? "",
      dry_run: dryRun ? "1" : "0",
    };
  }

  /** Ask what would become of the file; a later question overtakes an earlier one. */
  private async look(): Promise<void> {
    if (!this.file) return;
    this.running?.abort();
    const mine = new AbortController();
    this.running = mine;
    this.busy(true);
    try {
      this.report = await sendFile(this.file, this.fields(true), mine.signal);
      byId("pl-import-error").hidden = true;
      this.show(this.report);
    } catch (error) {
      this.refused(error);
    } finally {
      if (this.running === mine) this.busy(false);
    }
  }

  private async make(): Promise<void> {
    if (!this.file) return;
    this.busy(true);
    try {
      const report = await sendFile(this.file, this.fields(false));
      const count = report.features.filter((each) => READY.includes(each.action)).length;
      this.forget();
      this.planner.prefer(report.changeset_id);
      await this.planner.reload();
      show("list");
      say(counted("files_made", count));
    } catch (error) {
      this.refused(error);
    } finally {
      this.busy(false);
    }
  }

  private refused(error: unknown): void {
    if (!(error instanceof ApiError)) {
      this.planner.fail(error);
      return;
    }
    const problem = { code: error.code, message: error.message, lon: null, lat: null };
    showProblems(byId("pl-import-error"), [problem]);
    byId("pl-import-bar").hidden = true;
  }

  private busy(on: boolean): void {
    byId("pl-import-busy").hidden = !on;
    byId<HTMLButtonElement>("pl-import-go").disabled = on || !this.readyCount();
  }

  private readyCount(): number {
    return this.report?.features.filter((each) => READY.includes(each.action)).length ?? 0;
  }

  private saveReport(): void {
    if (!this.report) return;
    const text = JSON.stringify(this.report, null, 1);
    download(new Blob([text], { type: "application/json" }), `${this.report.source}.report.json`);
  }

  // --- what is shown -------------------------------------------------------------------------

  private show(report: Report): void {
    byId("pl-drop").classList.add("is-small");
    byId("pl-import-found").hidden = false;
    byId("pl-import-bar").hidden = false;
    byId("pl-import-name").textContent = report.source;
    const facts = [config.formats[report.format] ?? report.format, report.encoding, report.crs];
    byId("pl-import-facts").textContent = facts.filter((fact) => fact && fact.length < 30).join(" · ");
    byId("pl-import-remarks").replaceChildren(
      ...report.remarks.map((remark) => h("li", {}, icon("info"), h("span", {}, remark.message))),
    );
    this.showColumns(report);
    byId("pl-import-lists").replaceChildren(
      ...GROUPS.map((group) => this.group(group, report)).filter((each) => each !== null),
    );
    const count = this.readyCount();
    byId("pl-import-count").textContent = count ? counted("files_drafts", count) : word("files_none");
    this.draw(report);
  }

  private showColumns(report: Report): void {
    const fields = FIELDS.map((field) => {
      const select = h("select", { class: "form-select", name: `column_${field}`, id: `pl-col-${field}` });
      select.append(h("option", { value: "" }, word("files_no_column")));
      for (const { name, sample } of report.columns) {
        const text = sample ? `${name} — ${sample.slice(0, 30)}` : name;
        select.append(h("option", { value: name }, text));
      }
      select.value = report.mapping[field] ?? "";
      const label = h("label", { for: `pl-col-${field}` }, word(`field_${field}`));
      return h("div", { class: "pl-field" }, label, select);
    });
    byId("pl-import-columns").replaceChildren(...fields);
    const metres = report.features.some((each) =>
      each.problems.some((problem) => problem.code === "NOT_DEGREES"),
    );
    if (metres) byId<HTMLDetailsElement>("pl-import-choices").open = true;
  }

  private group(group: (typeof GROUPS)[number], report: Report): HTMLElement | null {
    const found = report.features.filter((each) => group.actions.includes(each.action));
    if (!found.length) return null;
    const list = h(
      "ol",
      { class: "pl-found" },
      ...found.slice(0, LISTED).map((each) => this.item(each)),
    );
    if (found.length > LISTED) {
      list.append(h("li", { class: "pl-help" }, counted("files_more", found.length - LISTED)));
    }
    const offer = this.offerAll(found);
    const head = h("h3", {}, `${word(group.title)}: ${found.length}`);
    const tone = `pl-group is-${group.tone}`;
    if (group.tone === "ask" || group.tone === "bad") return h("section", { class: tone }, head, offer, list);
    const summary = h("summary", {}, head);
    return h("details", { class: tone, ...(found.length < 8 ? { open: true } : {}) }, summary, list);
  }

  private offerAll(found: Feature[]): HTMLElement | null {
    const action = found[0]?.action;
    if (action !== "swap_offered" && action !== "repair_offered") return null;
    if (found.length < 2) return null;
    const key = action === "swap_offered" ? "files_swap_all" : "files_repair_all";
    return h(
      "button",
      { type: "button", class: "btn btn-sm", "data-all": action, onclick: () => this.accept(found) },
      word(key),
    );
  }

  private accept(found: Feature[]): void {
    for (const each of found) {
      (each.action === "swap_offered" ? this.swapped : this.repaired).add(each.row);
    }
    void this.look();
  }

  private takeBack(feature: Feature): void {
    this.repaired.delete(feature.row);
    if (feature.changed === "swapped") this.swapped.delete(feature.row);
    void this.look();
  }

  private item(feature: Feature): HTMLElement {
    const name = feature.name || word("files_unnamed");
    const facts = [feature.code, feature.layer].filter((fact) => fact && fact !== feature.name);
    const link = (key: string, onclick: () => void): HTMLElement =>
      h("button", { type: "button", class: "pl-link", onclick }, word(key));
    const offered = feature.action === "repair_offered" || feature.action === "swap_offered";
    const tag = this.tagOf(feature);
    return h(
      "li",
      { "data-row": feature.row },
      h("b", {}, `${feature.row}. ${name}`, tag ? h("em", {}, tag) : null),
      facts.length ? h("small", {}, facts.join(" · ")) : null,
      ...feature.problems.map((problem) => h("p", {}, problem.message)),
      ...feature.notes.map((note) => h("p", { class: "pl-note" }, note.message)),
      h(
        "span",
        { class: "pl-acts" },
        feature.lat !== null ? link("zoom_to_problem", () => this.zoomTo(feature)) : null,
        offered
          ? link(feature.action === "swap_offered" ? "files_swap_one" : "accept_repair", () => this.accept([feature]))
          : null,
        feature.changed ? link("files_take_back", () => this.takeBack(feature)) : null,
      ),
    );
  }

  private tagOf(feature: Feature): string {
    if (feature.changed) return word(`files_${feature.changed}`);
    return feature.action === "updated" ? word("files_updated") : "";
  }

  private zoomTo(feature: Feature): void {
    if (feature.lat === null || feature.lon === null) return;
    const placed = feature.problems.some((problem) => problem.lat !== null);
    // swapped axes: the problem is a place in another country, the outline on offer is at home
    if (feature.geometry && (!placed || feature.action === "swap_offered")) {
      this.planner.map.fitBounds(boundsOf(feature.geometry), this.planner.editor.room());
    } else {
      this.planner.map.setView([feature.lat, feature.lon], 17);
    }
  }

  private draw(report: Report): void {
    const layer = L.featureGroup();
    const outlines = L.featureGroup().addTo(layer);
    const colors: Partial<Record<Action, string>> = {
      repair_offered: token("--st-guest", "#c27a0f"),
      swap_offered: token("--st-guest", "#c27a0f"),
    };
    for (const feature of report.features) {
      if (feature.geometry && feature.action !== "unchanged") {
        const color = feature.action === "refused" ? token("--st-debt", "#b3261e") : colors[feature.action];
        const style = { color: color ?? statusColor("DRAFT"), weight: 2.5, fillOpacity: 0.12 };
        const dashed = feature.action.endsWith("offered") ? { dashArray: "7 5" } : {};
        L.geoJSON(feature.geometry, { pmIgnore: true, style: { ...style, ...dashed } } as L.GeoJSONOptions)
          .bindTooltip(`${feature.row}. ${feature.name}`, { sticky: true, className: "pl-tip" })
          .addTo(outlines);
      }
      if (feature.action === "swap_offered") continue;
      for (const problem of feature.problems.slice(0, 5)) {
        if (problem.lat === null || problem.lon === null) continue;
        const spot = L.divIcon({ className: "pl-fault", iconSize: [30, 30] });
        const marker = { pmIgnore: true, keyboard: false, icon: spot } as L.MarkerOptions;
        L.marker([problem.lat, problem.lon], marker)
          .bindTooltip(problem.message, { direction: "top", offset: [0, -14] })
          .addTo(layer);
      }
    }
    this.planner.overlay(layer);
    const bounds = (outlines.getLayers().length ? outlines : layer).getBounds();
    if (bounds.isValid()) this.planner.map.fitBounds(bounds, this.planner.editor.room());
  }
}
