// The standing rules of the map: how much each matters, where it is broken, the way there.

import { L, token } from "../shared/map";
import { byId, counted, h, icon, number, say, word } from "./dom";
import { raiseSheet, show } from "./panel";
import type { Desk } from "./desk";
import { review, type Level, type Rule, type Violation } from "./review_api";

const LISTED = 12;
const LEVELS: Level[] = ["OFF", "WARN", "BLOCK"];

export class Rules {
  private maySet = false;

  private asked = 0; // so that the levels of before do not come over those of now

  constructor(private readonly planner: Desk) {
    byId("pl-checks").addEventListener("click", () => void this.open());
    byId("pl-rules-again").addEventListener("click", () => void this.load());
  }

  async open(): Promise<void> {
    if (!this.planner.leave()) return;
    show("rules");
    raiseSheet();
    await this.load();
  }

  private async load(): Promise<void> {
    const box = byId("pl-rules");
    box.setAttribute("aria-busy", "true");
    const asked = ++this.asked;
    try {
      const found = await review.rules();
      if (asked !== this.asked) return;
      this.maySet = found.may_set;
      box.replaceChildren(...found.invariants.map((rule) => this.rule(rule)));
      const broken = found.invariants.reduce((sum, rule) => sum + rule.total, 0);
      byId("pl-rules-sum").textContent = broken ? counted("violations", broken) : word("rules_all_well");
    } catch (error) {
      this.planner.fail(error);
    } finally {
      box.removeAttribute("aria-busy");
    }
  }

  private rule(rule: Rule): HTMLElement {
    const tone = rule.level === "OFF" ? "off" : rule.total === 0 ? "good" : rule.level === "BLOCK" ? "bad" : "ask";
    const items = rule.violations.slice(0, LISTED).map((violation) => this.violation(violation));
    const more = rule.total - items.length;
    const count = rule.level === "OFF" ? word("rule_off") : number(rule.total);
    const list = h(
      "ul",
      { class: "pl-found" },
      ...items,
      more > 0 ? h("li", { class: "pl-note" }, counted("more", more)) : null,
    );
    return h(
      "article",
      { class: `pl-rule is-${tone}`, "data-rule": rule.name },
      h("h3", {}, rule.title, h("span", { class: "pl-rule-count" }, count)),
      h("p", { class: "pl-help" }, rule.hint),
      this.levels(rule),
      items.length
        ? h("details", { open: rule.total <= 3 }, h("summary", {}, counted("violations", rule.total)), list)
        : null,
    );
  }

  private levels(rule: Rule): HTMLElement {
    if (rule.always || !this.maySet) {
      const text = rule.always ? word("rule_always") : word(`level_${rule.level}`);
      return h("p", { class: "pl-level" }, icon("info"), h("span", {}, text));
    }
    return h(
      "div",
      { class: "pl-switch", role: "group", "aria-label": word("level_of", { rule: rule.title }) },
      ...LEVELS.map((level) =>
        h(
          "button",
          {
            type: "button",
            "data-level": level,
            "aria-pressed": String(level === rule.level),
            onclick: () => void this.set(rule, level),
          },
          word(`level_${level}`),
        ),
      ),
    );
  }

  private async set(rule: Rule, level: Level): Promise<void> {
    if (level === rule.level) return;
    try {
      await review.setLevel(rule.name, level);
      say(word(`did_level_${level}`, { rule: rule.title }));
      await this.load();
      document.querySelector<HTMLElement>(`[data-rule="${rule.name}"] [data-level="${level}"]`)?.focus();
    } catch (error) {
      this.planner.fail(error);
    }
  }

  private violation(violation: Violation): HTMLElement {
    const building = violation.building_id;
    return h(
      "li",
      {},
      h("span", {}, violation.text),
      h(
        "span",
        { class: "pl-acts" },
        h(
          "button",
          { type: "button", class: "pl-link", onclick: () => this.zoomTo(violation) },
          word("zoom_to_problem"),
        ),
        building
          ? h(
              "button",
              { type: "button", class: "pl-link", onclick: () => void this.planner.houses.open(building) },
              word("open_building"),
            )
          : null,
      ),
    );
  }

  private zoomTo(violation: Violation): void {
    const group = L.featureGroup();
    const red = token("--st-debt", "#b3261e");
    if (violation.geometry) {
      L.geoJSON(violation.geometry, {
        pmIgnore: true,
        snapIgnore: true,
        interactive: false,
        style: { color: red, weight: 2.5, fillColor: red, fillOpacity: 0.42 },
      } as L.GeoJSONOptions).addTo(group);
    }
    markAt(violation.lat, violation.lon).addTo(group);
    this.planner.overlay(group);
    this.planner.lookAt(violation.lat, violation.lon, violation.geometry ? 16 : 18);
  }
}

/** The sign of a fault at a place of the map. */
export function markAt(lat: number, lon: number, className = "pl-fault"): L.Marker {
  return L.marker([lat, lon], {
    pmIgnore: true,
    snapIgnore: true,
    keyboard: false,
    interactive: false,
    icon: L.divIcon({ className, iconSize: [30, 30] }),
  } as L.MarkerOptions);
}
