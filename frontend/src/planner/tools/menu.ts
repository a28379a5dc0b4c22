// The menu of tools in the toolbar: a button that opens a list; arrow keys move in it.

import { byId } from "../dom";
import type { Desk } from "../desk";
import type { Bench, Tool } from "./bench";

export class ToolsMenu {
  private readonly button = byId<HTMLButtonElement>("pl-tools-button");
  private readonly menu = byId("pl-tools-menu");
  private readonly items = [...this.menu.querySelectorAll<HTMLButtonElement>("[data-tool]")];

  constructor(
    private readonly planner: Desk,
    private readonly bench: Bench,
    private readonly tools: Tool[],
  ) {
    this.button.addEventListener("click", () => this.toggle());
    this.button.addEventListener("keydown", (event) => {
      if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
      event.preventDefault();
      this.open();
      if (event.key === "ArrowUp") this.items[this.items.length - 1]?.focus();
    });
    this.menu.addEventListener("keydown", (event) => this.onKey(event));
    this.menu.addEventListener("focusout", (event) => {
      const to = event.relatedTarget as Node | null;
      if (to && !this.menu.contains(to) && to !== this.button) this.close();
    });
    document.addEventListener("pointerdown", (event) => {
      const to = event.target as Node;
      if (!this.menu.contains(to) && !this.button.contains(to)) this.close();
    });
    for (const item of this.items) {
      item.addEventListener("click", () => this.choose(item));
    }
  }

  open(): void {
    for (const item of this.items) {
      const tool = this.toolOf(item);
      const off = Boolean(tool?.needsOutline) && !this.planner.editor.current;
      item.setAttribute("aria-disabled", String(off));
    }
    this.menu.hidden = false;
    this.button.setAttribute("aria-expanded", "true");
    this.items[0]?.focus({ preventScroll: true });
  }

  close(): void {
    this.menu.hidden = true;
    this.button.setAttribute("aria-expanded", "false");
  }

  private toggle(): void {
    if (this.menu.hidden) this.open();
    else this.close();
  }

  private toolOf(item: HTMLElement): Tool | undefined {
    return this.tools.find((tool) => tool.name === item.dataset.tool);
  }

  private choose(item: HTMLElement): void {
    const tool = this.toolOf(item);
    if (!tool) return;
    this.close();
    this.bench.open(tool);
  }

  private onKey(event: KeyboardEvent): void {
    const at = this.items.indexOf(document.activeElement as HTMLButtonElement);
    const last = this.items.length - 1;
    const to: Record<string, number> = {
      ArrowDown: at >= last ? 0 : at + 1,
      ArrowUp: at <= 0 ? last : at - 1,
      Home: 0,
      End: last,
    };
    const next = to[event.key];
    if (next !== undefined) this.items[next]?.focus();
    else if (event.key === "Escape") {
      this.close();
      this.button.focus();
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }
}
