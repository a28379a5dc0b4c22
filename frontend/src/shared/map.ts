// Maps of every face: set-up, zones by status, attribution; buildings are in buildings.ts. No base map unless the page
// says so: <div id="map" data-tiles-url="…" data-center="50.01,36.34" data-zoom="15"></div>.

import L from "./leaflet-global";

export { L };

export type ZoneStatus =
  | "DRAFT"
  | "PLANNED"
  | "BUILDING"
  | "IN_SERVICE"
  | "SUSPENDED"
  | "RETIRED";

export const OSM_ATTRIBUTION = "© OpenStreetMap contributors";

/** What zones of the API carry; other properties are left as they are. */
export interface ZoneProperties {
  zone_id: number;
  name: string;
  status: ZoneStatus;
  [key: string]: unknown;
}

interface StatusLook {
  token: string;
  fallback: string;
  pattern: "plain" | "stripes" | "dots" | "crosses" | "empty";
  dash?: string;
}

/** One colour and one pattern a status, the same on every map; words come from the page. */
const LOOKS: Record<ZoneStatus, StatusLook> = {
  IN_SERVICE: { token: "--z-service", fallback: "#0b6b61", pattern: "plain" },
  BUILDING: { token: "--z-build", fallback: "#c77a12", pattern: "stripes" },
  PLANNED: { token: "--z-plan", fallback: "#4a63c9", pattern: "dots", dash: "6 4" },
  SUSPENDED: { token: "--z-suspended", fallback: "#b3261e", pattern: "crosses" },
  DRAFT: { token: "--z-draft", fallback: "#5b4b8a", pattern: "empty", dash: "3 5" },
  RETIRED: { token: "--z-none", fallback: "#8d8577", pattern: "empty", dash: "1 5" },
};

/** The value of a design token, or `fallback` where the page has no such token. */
export function token(name: string, fallback: string): string {
  const value = getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  return value || fallback;
}

export function statusColor(status: ZoneStatus): string {
  const look = LOOKS[status] ?? LOOKS.DRAFT;
  return token(look.token, look.fallback);
}

function patternMarkup(status: ZoneStatus): string {
  const color = statusColor(status);
  const id = `zone-${status.toLowerCase()}`;
  const head = (size: number, turn = 0): string =>
    `<pattern id="${id}" width="${size}" height="${size}" patternUnits="userSpaceOnUse"` +
    ` patternTransform="rotate(${turn})"><rect width="${size}" height="${size}" fill="${color}"`;
  switch (LOOKS[status].pattern) {
    case "plain":
      return `${head(8)} fill-opacity=".14"/></pattern>`;
    case "stripes":
      return (
        `${head(7, 45)} fill-opacity=".10"/>` +
        `<rect width="2.4" height="7" fill="${color}" fill-opacity=".38"/></pattern>`
      );
    case "dots":
      return (
        `${head(8)} fill-opacity=".08"/>` +
        `<circle cx="2.5" cy="2.5" r="1.3" fill="${color}" fill-opacity=".6"/></pattern>`
      );
    case "crosses":
      return (
        `${head(9, 45)} fill-opacity=".08"/><path d="M0 4.5h9M4.5 0v9" stroke="${color}"` +
        ` stroke-opacity=".42" stroke-width="1.4"/></pattern>`
      );
    default:
      return `${head(8)} fill-opacity=".05"/></pattern>`;
  }
}

/** The same pattern as an inline SVG swatch, for lists and legends. */
export function statusSwatch(status: ZoneStatus, size = 18): SVGSVGElement {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const look = LOOKS[status] ?? LOOKS.DRAFT;
  const id = `swatch-${status.toLowerCase()}-${Math.random().toString(36).slice(2, 8)}`;
  svg.setAttribute("width", String(size));
  svg.setAttribute("height", String(size));
  svg.setAttribute("viewBox", "0 0 18 18");
  svg.setAttribute("aria-hidden", "true");
  svg.classList.add("zone-swatch");
  svg.innerHTML =
    `<defs>${patternMarkup(status).replace(/id="[^"]*"/, `id="${id}"`)}</defs>` +
    `<rect x="1" y="1" width="16" height="16" rx="4" fill="url(#${id})"` +
    ` stroke="${statusColor(status)}" stroke-width="1.6"` +
    ` stroke-dasharray="${look.dash ?? ""}"/>`;
  return svg;
}

/** An SVG renderer that knows the pattern of each status; one per map, kept on the map. */
export function zoneRenderer(map: L.Map): L.SVG {
  const kept = map as L.Map & { geobillZones?: L.SVG };
  if (!kept.geobillZones) {
    const renderer = L.svg({ padding: 0.5 });
    renderer.addTo(map);
    const container = (renderer as unknown as { _container: SVGSVGElement })._container;
    const defs = document.createElementNS("http://www.w3.org/2000/svg", "defs");
    defs.innerHTML = (Object.keys(LOOKS) as ZoneStatus[]).map(patternMarkup).join("");
    container.insertBefore(defs, container.firstChild);
    kept.geobillZones = renderer;
  }
  return kept.geobillZones;
}

export interface ZoneLook {
  selected?: boolean;
  draft?: boolean;
}

export function zoneStyle(status: ZoneStatus, look: ZoneLook = {}): L.PathOptions {
  const base = LOOKS[status] ?? LOOKS.DRAFT;
  const dash = look.draft ? "3 5" : base.dash;
  return {
    color: statusColor(status),
    weight: look.selected ? 3.5 : 1.8,
    opacity: look.selected ? 1 : 0.8,
    dashArray: dash,
    fillColor: `url(#zone-${status.toLowerCase()})`,
    fillOpacity: 1,
    className: `zone zone--${status.toLowerCase()}${look.selected ? " zone--selected" : ""}`,
  };
}

/** A layer of zones from the API's FeatureCollection, drawn under the buildings' clicks. */
export function zoneLayer(
  map: L.Map,
  zones: GeoJSON.FeatureCollection<GeoJSON.Geometry, ZoneProperties>,
  options: {
    onClick?: (properties: ZoneProperties, event: L.LeafletMouseEvent) => void;
    interactive?: boolean;
  } = {},
): L.GeoJSON<ZoneProperties> {
  const renderer = zoneRenderer(map);
  return L.geoJSON<ZoneProperties>(zones, {
    interactive: options.interactive ?? Boolean(options.onClick),
    style: (feature) => ({
      ...zoneStyle(feature?.properties.status ?? "DRAFT"),
      renderer,
    }),
    onEachFeature: (feature, layer) => {
      const { onClick } = options;
      if (onClick) layer.on("click", (event) => onClick(feature.properties, event));
    },
  });
}

export interface MapOptions {
  center?: [number, number];
  zoom?: number;
  minZoom?: number;
  maxZoom?: number;
  tilesUrl?: string;
  tilesAttribution?: string;
  scrollWheel?: boolean;
  zoomControl?: boolean;
  zoomInTitle?: string;
  zoomOutTitle?: string;
  attribution?: string | null;
}

function numbersOf(text: string | undefined): [number, number] | undefined {
  const parts = (text ?? "").split(",").map(Number);
  const [lat, lon] = parts;
  if (parts.length !== 2 || !Number.isFinite(lat) || !Number.isFinite(lon)) return undefined;
  return [lat as number, lon as number];
}

/** For people who asked for less motion: the map jumps to where it would have glided. */
function holdStill(map: L.Map): void {
  const setView = map.setView.bind(map);
  const panBy = map.panBy.bind(map);
  map.setView = (center, zoom, options) => setView(center, zoom, { ...options, animate: false });
  map.panBy = (offset, options) => panBy(offset, { ...options, animate: false });
}

/**
 * A map in `element`. Options win over the element's data attributes: data-center "lat,lon",
 * data-zoom, data-tiles-url, data-tiles-attribution. Without a tiles URL nothing is fetched from
 * anywhere and our own layers are the map.
 */
export function createMap(element: HTMLElement, options: MapOptions = {}): L.Map {
  const data = element.dataset;
  const tilesUrl = options.tilesUrl ?? data.tilesUrl ?? "";
  const moves = !window.matchMedia("(prefers-reduced-motion: reduce)").matches;
  const map = L.map(element, {
    zoomAnimation: moves,
    fadeAnimation: moves,
    markerZoomAnimation: moves,
    inertia: moves,
    zoomControl: false,
    attributionControl: true,
    minZoom: options.minZoom ?? 4,
    maxZoom: options.maxZoom ?? 20,
    scrollWheelZoom: options.scrollWheel ?? true,
    zoomSnap: 0.5,
    worldCopyJump: false,
    maxBounds: [
      [-89, -180],
      [89, 180],
    ],
  });
  if (!moves) holdStill(map);
  map.attributionControl.setPrefix("");
  const attribution = options.attribution === undefined ? OSM_ATTRIBUTION : options.attribution;
  if (attribution) map.attributionControl.addAttribution(attribution);
  if (options.zoomControl ?? true) {
    L.control
      .zoom({
        position: "bottomright",
        zoomInTitle: options.zoomInTitle ?? data.zoomIn ?? "+",
        zoomOutTitle: options.zoomOutTitle ?? data.zoomOut ?? "−",
      })
      .addTo(map);
  }
  const center = options.center ?? numbersOf(data.center) ?? [49.0, 31.4];
  map.setView(center, options.zoom ?? Number(data.zoom || 6));
  if (tilesUrl) {
    L.tileLayer(tilesUrl, {
      maxZoom: 20,
      maxNativeZoom: 19,
      attribution: options.tilesAttribution ?? data.tilesAttribution ?? "",
    }).addTo(map);
  }
  return map;
}
