// A newer codifier of administrative units: looked at first, applied when it is what was meant.

import { ApiError, errorFrom } from "../planner/api";
import { byId, config, counted, h, say, word } from "../planner/dom";
import { act, button, card, type Shell } from "./shell";

interface Change {
  kind: string;
  code: string;
  name: string;
  text: string;
  blocked: boolean;
}

interface Report {
  source: string;
  sha256: string;
  as_of: string;
  counts: Record<string, number>;
  changes: Change[];
  left_out: number;
  remarks: { row: number; text: string }[];
  applied: boolean;
}

const KINDS = ["CREATED", "RENAMED", "RECODED", "MOVED", "CATEGORY", "GONE", "RETURNED"];

async function send(file: File, asOf: string, sha256: string): Promise<Report> {
  const body = new FormData();
  body.set("file", file);
  body.set("as_of", asOf);
  body.set("dry_run", sha256 ? "0" : "1");
  body.set("sha256", sha256);
  const answer = await fetch(`${config.api}places/codifier/`, {
    method: "POST",
    headers: { Accept: "application/json", "X-CSRFToken": config.csrf },
    body,
  });
  const data: unknown = await answer.json().catch(() => ({ detail: word("failed") }));
  if (!answer.ok) throw errorFrom(answer.status, data);
  return data as Report;
}

export function startCodifier(shell: Shell): void {
  byId("pc-codifier").onclick = () => open(shell);
}

function open(shell: Shell): void {
  const file = h("input", { type: "file", class: "form-control", accept: ".csv,.gz", id: "pc-codifier-file" });
  const asOf = h("input", {
    type: "date",
    class: "form-control",
    id: "pc-as-of",
    value: new Date().toISOString().slice(0, 10),
  });
  const result = h("div", { "aria-live": "polite" });
  const apply = button(word("codifier_apply"), () => look(true), "btn btn-primary");
  apply.hidden = true;
  let seen = "";
  const look = (isApplied: boolean): void => {
    const [chosen] = file.files ?? [];
    if (!chosen) return;
    result.replaceChildren(h("p", { class: "pl-help" }, word("codifier_reading")));
    act(async () => {
      try {
        const report = await send(chosen, asOf.value, isApplied ? seen : "");
        seen = report.sha256;
        result.replaceChildren(...shown(report));
        const total = Object.values(report.counts).reduce((sum, count) => sum + count, 0);
        apply.hidden = report.applied || total === 0;
        if (report.applied) say(word("codifier_applied"));
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        apply.hidden = true;
        result.replaceChildren(h("div", { class: "pl-problems", role: "alert" }, h("p", {}, error.message)));
      }
    });
  };
  for (const field of [file, asOf]) field.addEventListener("change", () => look(false));
  card(word("codifier"), () => shell.toStreets(), [
    h("p", { class: "pl-help" }, word("codifier_help")),
    h("div", { class: "pl-field" }, h("label", { for: "pc-codifier-file" }, word("codifier_file")), file),
    h("div", { class: "pl-field" }, h("label", { for: "pc-as-of" }, word("codifier_as_of")), asOf),
    result,
  ], [apply]);
}

function shown(report: Report): Node[] {
  const counts = KINDS.filter((kind) => report.counts[kind]).map((kind) =>
    h("li", {}, h("span", {}, word(`codifier_${kind}`)), h("b", {}, String(report.counts[kind]))),
  );
  if (counts.length === 0) return [h("p", { class: "pl-help" }, word("codifier_same"))];
  const rows = report.changes.map((change) =>
    h("li", { class: change.blocked ? "is-blocked" : "" }, h("b", {}, change.name), h("small", {}, change.text)),
  );
  return [
    h("ul", { class: "pc-held" }, ...counts),
    h("ul", { class: "pc-report" }, ...rows),
    ...(report.left_out ? [h("p", { class: "pl-help" }, counted("left_out", report.left_out))] : []),
    ...report.remarks.map((remark) => h("p", { class: "pl-help" }, `${remark.row}: ${remark.text}`)),
  ];
}
