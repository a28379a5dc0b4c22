// Outlines: between GeoJSON, WKT text and what Leaflet draws.

import { L } from "../shared/map";
import type { Shape } from "./api";

type Ring = GeoJSON.Position[];

export function partsOf(shape: Shape | null): Ring[][] {
  if (!shape) return [];
  return shape.type === "Polygon" ? [shape.coordinates] : shape.coordinates;
}

export function fromParts(parts: Ring[][]): GeoJSON.MultiPolygon | null {
  return parts.length ? { type: "MultiPolygon", coordinates: parts } : null;
}

function closed(points: L.LatLng[]): Ring {
  const ring = points.map((point) => [
    Number(point.lng.toFixed(7)),
    Number(point.lat.toFixed(7)),
  ]);
  const first = ring[0];
  return first ? [...ring, first] : ring;
}

/** Of a Leaflet polygon, whatever its nesting: rings, polygon with holes, many polygons. */
export function fromLayer(layer: L.Polygon): GeoJSON.MultiPolygon | null {
  const nested = layer.getLatLngs() as L.LatLng[] | L.LatLng[][] | L.LatLng[][][];
  const depth = (value: unknown): number =>
    Array.isArray(value) ? 1 + depth(value[0]) : 0;
  const level = depth(nested);
  const polygons =
    level >= 3
      ? (nested as L.LatLng[][][])
      : level === 2
        ? [nested as L.LatLng[][]]
        : [[nested as L.LatLng[]]];
  const parts = polygons
    .map((rings) => rings.filter((ring) => ring.length >= 3).map(closed))
    .filter((rings) => rings.length > 0);
  return fromParts(parts);
}

export function toLatLngs(shape: Shape): L.LatLng[][][] {
  return partsOf(shape).map((rings) =>
    rings.map((ring) => ring.slice(0, -1).map(([lon, lat]) => L.latLng(lat ?? 0, lon ?? 0))),
  );
}

export function pointCount(shape: Shape | null): number {
  return partsOf(shape).reduce((sum, rings) => sum + rings.reduce((n, r) => n + r.length - 1, 0), 0);
}

export function wktOf(shape: Shape): string {
  const parts = partsOf(shape).map(
    (rings) => `(${rings.map((r) => `(${r.map((p) => `${p[0]} ${p[1]}`).join(", ")})`).join(", ")})`,
  );
  return `MULTIPOLYGON (${parts.join(", ")})`;
}

export function boundsOf(shape: GeoJSON.Geometry): L.LatLngBounds {
  return L.geoJSON(shape).getBounds();
}

/** Area of one part in m² on a sphere: for lists only; the server measures on the ellipsoid. */
export function roughArea(rings: Ring[]): number {
  const R = 6_371_008.8;
  const rad = Math.PI / 180;
  const ringArea = (ring: Ring): number => {
    let sum = 0;
    for (let i = 0; i < ring.length - 1; i += 1) {
      const [x1 = 0, y1 = 0] = ring[i] ?? [];
      const [x2 = 0, y2 = 0] = ring[i + 1] ?? [];
      sum += (x2 - x1) * rad * (2 + Math.sin(y1 * rad) + Math.sin(y2 * rad));
    }
    return Math.abs((sum * R * R) / 2);
  };
  return rings.reduce((sum, ring, index) => sum + (index ? -1 : 1) * ringArea(ring), 0);
}
