// "Export": which zones, of which day, in which format.

import { byId, say, word } from "./dom";
import { fetchExport } from "./files";
import { raiseSheet, show } from "./panel";
import type { Desk } from "./desk";

export function startExport(planner: Desk): void {
  const form = byId<HTMLFormElement>("pl-export-form");
  const day = byId<HTMLInputElement>("pl-export-day");
  const button = byId<HTMLButtonElement>("pl-export-go");

  byId("pl-export").addEventListener("click", () => {
    show("export");
    raiseSheet();
  });
  form.addEventListener("change", () => {
    day.disabled = new FormData(form).get("what") === "drafts";
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void run();
  });

  async function run(): Promise<void> {
    const given = new FormData(form);
    const query = new URLSearchParams({ format: String(given.get("format")) });
    if (given.get("what") === "drafts") query.set("drafts", "1");
    // a day means the map as it was when that day ended
    else if (day.value) query.set("at", `${day.value}T23:59:59`);
    const network = String(given.get("network_type") ?? "");
    if (network) query.set("network_type", network);
    button.disabled = true;
    try {
      await fetchExport(query);
      say(word("export_done"));
    } catch (error) {
      planner.fail(error);
    } finally {
      button.disabled = false;
    }
  }
}
