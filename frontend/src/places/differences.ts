// What of a house's form differs: from what was sent, and from what is known of the house.

import type { Card, Values } from "./api";

/** What stands in the fields of a form, by their names. */
export type Fields = Record<string, string>;

export function fieldsOf(form: HTMLFormElement): Fields {
  const fields = [...form.elements].filter((each) => each instanceof HTMLInputElement || each instanceof HTMLSelectElement);
  return Object.fromEntries(fields.filter((each) => each.name).map((each) => [each.name, each.value]));
}

/** The fields that are others now. */
export function differing(before: Fields, now: Fields): Fields {
  return Object.fromEntries(Object.entries(now).filter(([name, value]) => before[name] !== value));
}

/** Only what differs is sent: what somebody else changed meanwhile in other fields is not touched. */
export function changed(building: Card, values: Values): Values {
  const now = building as unknown as Values;
  const differing = Object.entries(values).filter(([name, value]) => {
    if (name === "other_addresses") {
      const shown = building.other_addresses.map(({ street_id, number }) => ({ street_id, number }));
      return JSON.stringify(value) !== JSON.stringify(shown);
    }
    if (name === "lat" || name === "lon") return Math.abs((now[name] as number) - (value as number)) > 6e-7;
    return now[name] !== value;
  });
  const changes = Object.fromEntries(differing);
  if ("lat" in changes || "lon" in changes) Object.assign(changes, { lat: values.lat, lon: values.lon });
  return changes;
}
