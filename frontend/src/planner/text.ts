// The outline as text, for those who cannot or would not draw.

import { api, ApiError } from "./api";
import { byId } from "./dom";
import { resting } from "./journey";
import { show, showProblems } from "./panel";
import type { Desk } from "./desk";
import { boundsOf, wktOf } from "./shapes";

export function startText(planner: Desk): void {
  const area = byId<HTMLTextAreaElement>("pl-text");
  const problems = byId("pl-text-problems");
  const buttons = [...document.querySelectorAll<HTMLButtonElement>("[data-format]")];
  let format = "wkt";

  const write = (): void => {
    const shape = planner.editor.current;
    if (!shape) area.value = "";
    else area.value = format === "wkt" ? wktOf(shape) : JSON.stringify(shape, null, 1);
  };

  for (const button of buttons) {
    button.addEventListener("click", () => {
      format = button.dataset.format ?? "wkt";
      for (const each of buttons) each.setAttribute("aria-pressed", String(each === button));
      write();
    });
  }

  byId("pl-as-text").addEventListener("click", () => {
    write();
    problems.hidden = true;
    planner.pause();
    show("text", false);
    area.focus();
  });

  const use = async (): Promise<void> => {
    const isHere = resting();
    try {
      const check = await api.check(area.value);
      if (!isHere()) return; // another zone may be open by now
      if (check.geometry) {
        planner.editor.replace(check.geometry);
        planner.toEdit();
        planner.editor.zoomTo();
        return;
      }
      const { repaired } = check;
      planner.editor.mark(check.problems, repaired);
      // Perhaps far from what is in view now.
      const placed = check.problems.find((problem) => problem.lon !== null);
      if (repaired) planner.map.fitBounds(boundsOf(repaired), planner.editor.room());
      else if (placed) planner.editor.zoomToPlace(placed);
      showProblems(problems, check.problems, {
        onZoom: (problem) => planner.editor.zoomToPlace(problem),
        onPeek: (shown) => planner.editor.showRepair(shown),
        onRepair: repaired
          ? () => {
              planner.editor.replace(repaired);
              planner.toEdit();
              planner.editor.zoomTo();
            }
          : undefined,
      });
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      const message = error.message;
      showProblems(problems, [{ code: error.code, message, lon: null, lat: null }]);
    }
  };
  byId("pl-text-use").addEventListener("click", () => void use());
}
