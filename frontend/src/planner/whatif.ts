// "What would it give?": the open outline in buildings, wishes, prices and income.

import { config, area, byId, counted, h, number, say, word } from "./dom";
import { ApiError, errorFrom } from "./api";
import type { Desk } from "./desk";

const SHAPE_KEY = "geobill.planner.shape";

interface Offer {
  name: string;
  price: string;
  level_word: string;
  ladder: { price: string; level_word: string; why: string }[];
}

interface WhatIf {
  buildings: { inside: number; numbered: number; served: number };
  flats: {
    counted: number;
    buildings_counted: number;
    estimated: number;
    buildings_estimated: number;
  };
  homes: number;
  wishes: { waiting: number; requests: number; failed: number; planned: number; served_since: number };
  zones: {
    name: string;
    network_type: string;
    status_word: string;
    buildings: number;
    area_m2: number;
  }[];
  prices: { locality: string; offers: Offer[] }[] | null;
  income: { percent: number; subscribers: number; least: string; most: string }[] | null;
}

async function post<T>(path: string, body: object): Promise<T> {
  let answer: Response;
  try {
    answer = await fetch(path, {
      method: "POST",
      headers: { Accept: "application/json", "Content-Type": "application/json", "X-CSRFToken": config.csrf },
      body: JSON.stringify(body),
    });
  } catch {
    throw new ApiError(0, "offline", word("offline"));
  }
  const data: unknown = answer.headers.get("Content-Type")?.includes("json") ? await answer.json() : null;
  if (!answer.ok) throw errorFrom(answer.status, data ?? { detail: word("failed") });
  return data as T;
}

function lines(...texts: string[]): HTMLElement[] {
  return texts.filter(Boolean).map((text) => h("p", {}, text));
}

function part(title: string, ...children: HTMLElement[]): HTMLElement {
  return h("section", {}, h("h3", {}, title), ...children);
}

function ground(found: WhatIf): HTMLElement[] {
  const { buildings, flats } = found;
  const known = flats.buildings_counted
    ? `${counted("wi_flats", flats.counted)}, ${word("wi_flats_known", { buildings: number(flats.buildings_counted), all: number(buildings.inside) })}`
    : word("wi_flats_unknown");
  const guessed = flats.buildings_estimated
    ? word("wi_flats_guessed", { count: number(flats.estimated), buildings: number(flats.buildings_estimated) })
    : "";
  const rest = number(buildings.inside - buildings.numbered);
  return lines(
    buildings.numbered === buildings.inside
      ? counted("wi_buildings", buildings.inside)
      : `${counted("wi_buildings", buildings.inside)}: ${word("wi_numbered", { numbered: number(buildings.numbered), rest })}`,
    known,
    guessed,
    buildings.served ? word("wi_served", { count: number(buildings.served) }) : word("wi_served_none"),
    word("wi_homes", { count: number(found.homes) }),
  );
}

function wishes(found: WhatIf): HTMLElement[] {
  const { waiting, requests, failed, planned, served_since } = found.wishes;
  const before = served_since ? word("wi_met_before", { count: number(served_since) }) : "";
  if (!waiting) return lines(word("wi_wishes_none"), before);
  const kinds = [
    requests ? counted("wi_requests", requests) : "",
    failed ? word("wi_failed", { count: number(failed) }) : "",
    planned ? word("wi_planned", { count: number(planned) }) : "",
  ]
    .filter(Boolean)
    .join(", ");
  return lines(counted("wi_wishes", waiting), kinds, before);
}

function zones(found: WhatIf): HTMLElement[] {
  if (!found.zones.length) return lines(word("wi_no_zones"));
  return lines(
    ...found.zones.map((zone) =>
      word("wi_zone", {
        name: zone.name,
        network: zone.network_type,
        status: zone.status_word,
        buildings: counted("wi_buildings", zone.buildings),
        area: area(zone.area_m2),
      }),
    ),
  );
}

function offer(each: Offer): HTMLElement {
  const ladder = each.ladder.map((step) => h("li", {}, `${step.price} — ${step.level_word}: ${step.why}`));
  return h(
    "details",
    {},
    h("summary", {}, h("span", {}, each.name), " ", h("b", {}, word("wi_a_month", { price: each.price })), " ", h("small", {}, each.level_word)),
    h("ol", { "aria-label": word("wi_ladder") }, ...ladder),
  );
}

function prices(found: WhatIf): HTMLElement[] {
  const several = (found.prices?.length ?? 0) > 1;
  return (found.prices ?? []).flatMap((place) => [
    ...(several ? [h("h4", {}, place.locality || word("wi_everywhere"))] : []),
    ...(place.offers.length ? place.offers.map(offer) : lines(word("wi_no_prices"))),
  ]);
}

function income(found: WhatIf): HTMLElement[] {
  return lines(
    ...(found.income ?? []).map((row) => {
      const values = {
        percent: row.percent,
        clients: counted("wi_clients", row.subscribers),
        least: row.least,
        most: row.most,
      };
      if (!row.least) return word("wi_income_unknown", values);
      return word(row.least === row.most ? "wi_income_same" : "wi_income", values);
    }),
  );
}

/** The button in the edit view, its answer and the report of it. */
export function startWhatIf(planner: Desk): void {
  const box = byId("pl-whatif");
  const result = byId("pl-whatif-result");
  const share = byId<HTMLFormElement>("pl-whatif-share");
  const link = byId("pl-whatif-link");
  const titles = box.dataset;

  const question = (): object | null => {
    const geometry = planner.editor.current;
    if (!geometry) {
      say(word("wi_nothing_drawn"), "error");
      return null;
    }
    const network = byId<HTMLSelectElement>("pl-network").value;
    return { geometry, network_type: network, zone_id: planner.open?.id ?? null };
  };

  const ask = async (): Promise<void> => {
    const body = question();
    if (!body) return;
    try {
      const found = await post<WhatIf>(titles.url ?? "", body);
      result.replaceChildren(
        part(titles.ground ?? "", ...ground(found)),
        part(titles.wishes ?? "", ...wishes(found)),
        part(titles.zones ?? "", ...zones(found)),
        ...(found.prices ? [part(titles.prices ?? "", ...prices(found)), part(titles.income ?? "", ...income(found))] : []),
      );
      result.hidden = false;
      share.hidden = false;
      link.replaceChildren();
    } catch (error) {
      planner.fail(error);
    }
  };

  const give = async (): Promise<void> => {
    const body = question();
    if (!body) return;
    const values = Object.fromEntries(new FormData(share));
    try {
      const made = await post<{ url: string }>(titles.shareUrl ?? "", { ...body, ...values });
      const anchor = h("a", { href: made.url, target: "_blank", rel: "noopener" }, made.url);
      link.replaceChildren(word("wi_shared"), " ", anchor);
    } catch (error) {
      planner.fail(error);
    }
  };

  byId("pl-whatif-ask").addEventListener("click", () => void ask());
  share.addEventListener("submit", (event) => {
    event.preventDefault();
    void give();
  });
}

/** What was asked about another outline is not shown beside this one. */
export function closeWhatIf(): void {
  byId("pl-whatif-result").hidden = true;
  byId("pl-whatif-share").hidden = true;
}

/** An outline handed over by the demand map becomes a new zone. */
export function drawGiven(planner: Desk): boolean {
  const text = sessionStorage.getItem(SHAPE_KEY);
  sessionStorage.removeItem(SHAPE_KEY);
  if (!text) return false;
  planner.newZone();
  planner.editor.replace(JSON.parse(text) as GeoJSON.Polygon);
  planner.editor.zoomTo();
  return true;
}
