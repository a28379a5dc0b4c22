// The open zone's draft is stored: what is done while it is on its way stays.

import { api, ApiError, type DraftBody } from "./api";
import { say, word } from "./dom";
import { resting } from "./journey";
import { showErrors } from "./panel";
import type { Planner } from "./planner";
import type { Stale } from "./stale";

export class Saving {
  private running = -1; // the turn whose zone is being saved
  private again = false;

  constructor(
    private readonly planner: Planner,
    private readonly stale: Stale,
  ) {}

  async save(body: DraftBody): Promise<void> {
    const { planner } = this;
    const { turn, open: row, form, keep, into } = planner;
    if (this.running === turn) {
      this.again = true; // a second press is no second zone: what is there then is saved afterwards
      return;
    }
    this.running = turn;
    this.again = false;
    const { edition } = form;
    const isHere = resting();
    const isOpen = (): boolean => planner.turn === turn;
    const isSame = (): boolean => isOpen() && form.edition === edition;
    try {
      const saved = row
        ? await api.save(row.id, { ...body, ...into.target(), base_revision: form.revision })
        : await api.create({ ...body, ...into.target() });
      if (isSame()) {
        form.touched = false;
        keep.forget();
      }
      say(word("saved"));
      await planner.reload();
      // Who has gone back to the list meanwhile is not pulled into the zone again; who has gone on
      // with the zone keeps what was done since.
      if (isSame() && isHere()) planner.openZone(saved.zone_id, undefined, saved.changeset_id, planner.editor.steps);
      else if (isOpen()) planner.goOnFrom(saved);
    } catch (error) {
      if (isOpen()) this.refused(error, body);
      else planner.fail(error);
    } finally {
      if (this.running === turn) this.running = -1;
    }
    if (this.again && isOpen() && form.touched && planner.editor.current) await this.save(form.body());
  }

  private refused(error: unknown, body: DraftBody): void {
    if (!(error instanceof ApiError)) {
      this.planner.fail(error);
    } else if (error.status === 412) {
      this.stale.open(error, body);
    } else if (error.code === "geometry_invalid") {
      this.planner.form.showFault(error.context);
    } else {
      const known = ["name", "status", "network_type", "priority", "planned_for_date", "comment"];
      const place = known.includes(error.field) ? error.field : "";
      showErrors(Object.keys(error.fields).length ? error.fields : { [place]: error.message });
      if (!place) say(error.message, "error");
    }
  }
}
