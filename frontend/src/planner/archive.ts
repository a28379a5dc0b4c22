// Zones that ended: they are listed with their history and can be brought back.

import { byId, h, moment, word } from "./dom";
import { journey } from "./journey";
import { raiseSheet, show } from "./panel";
import type { Desk } from "./desk";
import { review, type RetiredZone } from "./review_api";

export class Archive {
  constructor(private readonly planner: Desk) {
    byId("pl-archive").addEventListener("click", () => void this.open());
  }

  async open(): Promise<void> {
    const isWanted = journey();
    let zones: RetiredZone[];
    try {
      zones = (await review.retired()).zones;
    } catch (error) {
      this.planner.fail(error);
      return;
    }
    if (!isWanted() || !this.planner.leave()) return;
    const none = h("li", { class: "pl-none" }, word("archive_none"));
    byId("pl-archive-list").replaceChildren(...(zones.length ? zones.map((zone) => this.item(zone)) : [none]));
    show("archive");
    raiseSheet();
  }

  private item(zone: RetiredZone): HTMLElement {
    const facts = [
      zone.network_type,
      zone.archived_at ? word("archive_ended", { at: moment(zone.archived_at) }) : "",
      zone.comment,
    ];
    const open = (): void =>
      void this.planner.history.openFor({ id: zone.zone_id, revision: zone.revision }, () => void this.open());
    return h(
      "li",
      {},
      h(
        "button",
        { type: "button", onclick: open },
        h("span", { class: "pl-zone" }, h("b", {}, zone.name), h("small", {}, facts.filter(Boolean).join(" · "))),
      ),
    );
  }
}
