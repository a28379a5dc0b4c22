// Classes of counts and their colours, light to dark; every cell also shows its number.

const COLOURS = ["#fde3b4", "#fbb968", "#ef8a3c", "#cf5a1c", "#8f3410"];

/** Least counts of the classes, ascending: as many classes as there are different counts. */
export function classesOf(counts: number[]): number[] {
  const sorted = counts.filter((count) => count > 0).sort((a, b) => a - b);
  const bounds = COLOURS.map((_colour, part) => sorted[Math.floor((sorted.length * part) / COLOURS.length)]);
  return [...new Set(bounds.filter((bound) => bound !== undefined))].sort((a, b) => a - b);
}

export function colourOf(count: number, bounds: number[]): string {
  const place = bounds.filter((bound) => count >= bound).length - 1;
  const spread = bounds.length > 1 ? ((COLOURS.length - 1) * place) / (bounds.length - 1) : 2;
  return COLOURS[Math.max(0, Math.round(spread))] ?? "#fbb968";
}
