// The price map: zones coloured by price, holes hatched; a click asks for the ladder of the point.

import htmx from "htmx.org";
import { createMap, L, statusColor, token, zoneRenderer } from "../shared/map";

interface PriceProperties {
  zone_id: number;
  name: string;
  network: string;
  price: string;
  /** Class of the price, −1 where the tariff is not sold. */
  bucket?: number;
  /** Of a what-if: from −3 (much less revenue) to 3 (much more). */
  shade?: number;
  key?: string;
}

/** From cheap to dear; told apart also without colours by their lightness. The page's CSS has the same. */
const COLOURS = ["#d6efe9", "#9fd8cc", "#5fb8aa", "#2f9184", "#0b6b61", "#063f3a"];

export function priceStyle(bucket: number): L.PathOptions {
  if (bucket < 0) {
    return { color: "#6f675b", weight: 2, dashArray: "6 5", fillColor: "#ffffff", fillOpacity: 0.6 };
  }
  return {
    color: token("--brand-ink", "#084f48"),
    weight: 1.4,
    opacity: 0.9,
    fillColor: COLOURS[Math.min(bucket, COLOURS.length - 1)],
    fillOpacity: 0.78,
  };
}

const SHADES: Record<string, string> = {
  "-3": "#2b5fb3",
  "-2": "#7fa6dc",
  "-1": "#c9dcf3",
  "0": "#e7e4de",
  "1": "#f7d9b8",
  "2": "#eaa45c",
  "3": "#b9560f",
};

function styleOf(properties: PriceProperties | undefined): L.PathOptions {
  if (properties?.shade === undefined) return priceStyle(properties?.bucket ?? -1);
  return { color: "#4a4f57", weight: 1.2, fillColor: SHADES[properties.shade], fillOpacity: 0.8 };
}

class PriceMap {
  private readonly map: L.Map;
  private readonly layers = new Map<string, L.Path & { getBounds(): L.LatLngBounds }>();
  private point: L.CircleMarker | null = null;

  constructor(private readonly element: HTMLElement) {
    const small = !element.dataset.ladder;
    this.map = createMap(element, small ? { scrollWheel: false, zoomControl: false } : {});
    element.setAttribute("aria-busy", "true");
    void this.load().finally(() => element.setAttribute("aria-busy", "false"));
    if (!small) {
      this.map.on("click", (event) => this.ask(event.latlng));
      this.startList();
    }
  }

  private async load(): Promise<void> {
    const answer = await fetch(this.element.dataset.features ?? "", {
      headers: { Accept: "application/json" },
    });
    if (!answer.ok) return;
    const data = (await answer.json()) as GeoJSON.FeatureCollection<GeoJSON.Geometry, PriceProperties>;
    const renderer = zoneRenderer(this.map);
    const wanted = this.element.dataset.zone ?? "";
    const chosen = L.latLngBounds([]);
    const drawn = L.geoJSON<PriceProperties>(data, {
      style: (feature) => ({ ...styleOf(feature?.properties), renderer }),
      onEachFeature: (feature, layer) => {
        const { properties } = feature;
        const path = layer as L.Path & { getBounds(): L.LatLngBounds };
        this.layers.set(properties.key ?? String(properties.zone_id), path);
        path.bindTooltip(this.tip(properties), { sticky: true });
        if (String(properties.zone_id) === wanted) {
          chosen.extend(path.getBounds());
          path.setStyle({ weight: 4, color: statusColor("BUILDING") });
        }
      },
    }).addTo(this.map);
    const bounds = chosen.isValid() ? chosen : drawn.getBounds();
    if (bounds.isValid()) this.map.fitBounds(bounds, { padding: [24, 24], maxZoom: 16, animate: false });
  }

  private tip(properties: PriceProperties): HTMLElement {
    const box = document.createElement("span");
    const price = properties.price || this.element.dataset.unsold || "—";
    box.textContent = `${properties.name} · ${properties.network} · ${price}`;
    return box;
  }

  private ask(at: L.LatLng): void {
    const url = new URL(this.element.dataset.ladder ?? "", location.href);
    url.searchParams.set("lat", at.lat.toFixed(6));
    url.searchParams.set("lon", at.lng.toFixed(6));
    this.mark(at);
    void htmx.ajax("get", url.pathname + url.search, { target: "#tc-ladder", swap: "innerHTML" });
  }

  private mark(at: L.LatLng): void {
    this.point?.remove();
    this.point = L.circleMarker(at, {
      radius: 9,
      weight: 4,
      color: "#f4a65a",
      fillOpacity: 0,
      interactive: false,
    }).addTo(this.map);
  }

  /** A zone of the list is shown where it lies, with the point that its ladder is of. */
  private startList(): void {
    document.addEventListener("htmx:afterSettle", (event) => {
      if ((event.target as HTMLElement).id !== "tc-ladder") return;
      const box = document.querySelector<HTMLElement>(".tc-ladders");
      if (box) this.mark(L.latLng(Number(box.dataset.lat), Number(box.dataset.lon)));
    });
    for (const row of document.querySelectorAll<HTMLElement>(".tc-zones > li")) {
      row.querySelector("button")?.addEventListener("click", () => {
        const layer = this.layers.get(row.dataset.key ?? "");
        if (layer) this.map.fitBounds(layer.getBounds(), { padding: [40, 40], maxZoom: 16 });
      });
    }
  }
}

export function startPriceMap(element: HTMLElement): void {
  new PriceMap(element);
}

/** Localities found by name are gathered as a list in a hidden field. */
export function startChosenUnits(): void {
  document.addEventListener("change", (event) => {
    const input = event.target as HTMLInputElement;
    const holder = input.closest<HTMLElement>(".tc-units[data-add-to]");
    const field = holder && document.querySelector<HTMLInputElement>(holder.dataset.addTo ?? "");
    const list = document.getElementById("tc-chosen-list");
    if (!holder || !field || !list) return;
    const ids = new Set(field.value.split(",").filter(Boolean));
    if (!ids.has(input.value)) {
      const item = document.createElement("li");
      item.dataset.id = input.value;
      item.append(input.closest("label")?.firstElementChild?.nextSibling?.textContent?.trim() ?? "", " ");
      const button = document.createElement("button");
      button.type = "button";
      button.className = "ws-link";
      button.textContent = "×";
      item.append(button);
      list.append(item);
      ids.add(input.value);
    }
    field.value = [...ids].join(",");
    holder.replaceChildren();
  });
  document.addEventListener("click", (event) => {
    const item = (event.target as HTMLElement).closest<HTMLElement>("#tc-chosen-list button")?.closest("li");
    const field = document.getElementById("tc-chosen") as HTMLInputElement | null;
    if (!item || !field) return;
    field.value = field.value.split(",").filter((id) => id && id !== item.dataset.id).join(",");
    item.remove();
  });
}
