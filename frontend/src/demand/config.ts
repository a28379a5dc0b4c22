// What the page tells its scripts, and its words.

export interface Cell {
  id: string;
  number: number;
  shape: GeoJSON.Geometry;
  place: string;
  wishes: number;
  buckets: number[];
  trend: string;
}

export interface Config {
  language: string;
  bounds: [[number, number], [number, number]] | null;
  plannerUrl: string;
  step: "week" | "month";
  starts: string[];
  series: [number, number, number][];
  cells: Cell[];
  words: Record<string, string>;
}

const holder = document.getElementById("demand-config");
export const config = JSON.parse(holder?.textContent ?? "{}") as Config;

export function word(key: string, values: Record<string, string | number> = {}): string {
  const text = config.words[key] ?? key;
  return text.replace(/\{(\w+)\}/g, (_all, name: string) => String(values[name] ?? ""));
}

export function counted(key: string, count: number): string {
  const form = new Intl.PluralRules(config.language).select(count);
  return (config.words[`${key}_${form}`] ?? config.words[`${key}_other`] ?? key).replace(
    "{count}",
    new Intl.NumberFormat("uk-UA").format(count),
  );
}

/** A bucket by its first day: "11.2026", or "23.11.2026" where it is a week. */
export function bucketName(index: number): string {
  const [year = "", month = "", day = ""] = (config.starts[index] ?? "").split("-");
  return config.step === "month" ? `${month}.${year}` : `${day}.${month}.${year}`;
}
