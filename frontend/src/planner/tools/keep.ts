// What is drawn but not saved is kept in this browser, so that a closed tab or a crash loses
// nothing; it is offered in the list until it is saved or thrown away.

import { L } from "../../shared/map";
import type { DraftBody } from "../api";
import { byId, config, h, moment, word } from "../dom";
import type { Desk } from "../desk";
import { drawnCorners, mouseAt } from "./crosshair";

const PREFIX = `geobill.planner.${config.userId}.`;
const MOST = 20;

interface Kept {
  key: string;
  zone: number | null;
  at: string;
  revision: number;
  body: DraftBody;
  /** Corners of an outline that was not finished, longitude first. */
  corners: [number, number][];
}

function read(key: string): Kept | null {
  try {
    const kept = JSON.parse(localStorage.getItem(key) ?? "null") as Kept | null;
    return kept && typeof kept.at === "string" && kept.body ? { ...kept, key } : null;
  } catch {
    return null;
  }
}

function all(): Kept[] {
  return Object.keys(localStorage)
    .filter((key) => key.startsWith(PREFIX))
    .map(read)
    .filter((kept) => kept !== null)
    .sort((a, b) => b.at.localeCompare(a.at));
}

export class Keep {
  private key = "";

  constructor(private readonly planner: Desk) {
    planner.form.onEdited = () => this.note();
  }

  /** A zone is open (null: a new one) and from now on its changes are kept. */
  begin(zone: number | null): void {
    this.key = PREFIX + (zone === null ? `new-${Date.now()}` : String(zone));
  }

  note(): void {
    if (!this.key) return;
    const { form, map, open, editor } = this.planner;
    const drawing = editor.mode === "draw" ? drawnCorners(map) : [];
    const kept: Omit<Kept, "key"> = {
      zone: open?.id ?? null,
      at: new Date().toISOString(),
      revision: form.revision,
      body: form.body(),
      corners: drawing.map(({ lng, lat }) => [lng, lat]),
    };
    try {
      for (const old of all().slice(MOST)) localStorage.removeItem(old.key);
      localStorage.setItem(this.key, JSON.stringify(kept));
    } catch {
      // The browser keeps nothing (private window, no room): leaving the page still asks.
    }
  }

  /** It is saved, or given up on purpose. */
  forget(): void {
    if (this.key) localStorage.removeItem(this.key);
  }

  end(): void {
    this.key = "";
    this.offer();
  }

  /** What is still kept, in the list; nothing happens by itself. */
  offer(): void {
    const box = byId("pl-kept");
    const kept = all();
    box.hidden = kept.length === 0;
    box.replaceChildren(
      h("b", {}, word("kept_title")),
      ...kept.map((each) => this.item(each)),
    );
  }

  private item(kept: Kept): HTMLElement {
    const name = kept.body.name || word("new_zone");
    const text = h("span", {}, name, h("small", {}, moment(kept.at)));
    const button = (label: string, onclick: () => void): HTMLElement =>
      h("button", { type: "button", class: "pl-link", onclick, "aria-label": `${label}: ${name}` }, label);
    return h(
      "div",
      { class: "pl-kept-item" },
      text,
      button(word("kept_go_on"), () => this.goOn(kept)),
      button(word("kept_drop"), () => {
        localStorage.removeItem(kept.key);
        this.offer();
      }),
    );
  }

  private goOn(kept: Kept): void {
    const { planner } = this;
    const shape = typeof kept.body.geometry === "string" ? null : kept.body.geometry;
    const outline = shape?.type === "MultiPolygon" ? shape : null;
    if (kept.zone !== null && planner.row(kept.zone)) planner.openZone(kept.zone);
    else planner.newZone();
    this.key = kept.key;
    planner.form.restore(kept.body, kept.zone === null ? 0 : kept.revision);
    if (outline) planner.editor.replace(outline);
    if (outline) planner.editor.zoomTo();
    this.goOnDrawing(kept);
  }

  /** The unfinished outline comes back corner by corner. */
  private goOnDrawing(kept: Kept): void {
    if (!kept.corners.length) return;
    const { editor, map } = this.planner;
    const corners = kept.corners.map(([lon, lat]) => L.latLng(lat, lon));
    map.fitBounds(L.latLngBounds(corners), editor.room());
    editor.setMode("draw");
    for (const corner of corners) mouseAt(map, "click", corner, new Event("restore"));
  }
}
