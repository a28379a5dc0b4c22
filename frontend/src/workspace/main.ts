// The workspace: search from anywhere, keyboard, partial updates by htmx, small maps.

import htmx from "htmx.org";
import { startAmounts } from "./amounts";
import { startKeyboard } from "./keyboard";
import { startMaps } from "./maps";
import { startChosenUnits } from "./prices";
import { startSearch } from "./search";

declare global {
  interface Window {
    htmx: typeof htmx;
  }
}

window.htmx = htmx;

/** Buttons that open a dialog, copy a text, print the page, put a form away or fill a field. */
function startButtons(): void {
  document.addEventListener("click", (event) => {
    const target = event.target instanceof Element ? event.target : null;
    const button = target?.closest<HTMLElement>("[data-open],[data-copy],[data-print],[data-clear],[data-fill]");
    if (!button) {
      for (const menu of document.querySelectorAll<HTMLDetailsElement>("details.ws-user[open], details.ws-qr[open]")) {
        if (!menu.contains(target)) menu.open = false;
      }
      return;
    }
    const { open, copy, print, clear, fill, value } = button.dataset;
    const field = fill ? document.querySelector<HTMLInputElement>(fill) : null;
    if (field) {
      field.value = value ?? "";
      field.dispatchEvent(new Event("input", { bubbles: true }));
    }
    if (open) document.querySelector<HTMLDialogElement>(open)?.showModal();
    if (print !== undefined) window.print();
    if (clear) document.querySelector(clear)?.replaceChildren();
    if (copy !== undefined) {
      void navigator.clipboard?.writeText(copy).then(() => {
        button.classList.add("is-copied");
        window.setTimeout(() => button.classList.remove("is-copied"), 1500);
      });
    }
  });
}

/** A second press of the button must not send a form twice. */
function startForms(): void {
  document.addEventListener("submit", (event) => {
    const form = event.target as HTMLFormElement;
    if (event.defaultPrevented || form.method !== "post" || form.hasAttribute("hx-post")) return;
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "1";
    form.classList.add("is-sending");
  });
  window.addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll<HTMLFormElement>("form[data-sent]")) {
      delete form.dataset.sent;
      form.classList.remove("is-sending");
    }
  });
}

/** htmx shows a 4xx partial too: it says what is wrong. */
document.addEventListener("htmx:beforeSwap", (event) => {
  const detail = (event as CustomEvent).detail;
  if (detail.xhr.status >= 400 && detail.xhr.status < 500) {
    detail.shouldSwap = true;
    detail.isError = false;
  }
});

startButtons();
startForms();
startKeyboard();
startSearch();
startMaps();
startAmounts();
startChosenUnits();
document.addEventListener("htmx:afterSettle", () => startMaps());
document.querySelector(".ws-modules .is-here")?.scrollIntoView({ block: "nearest", inline: "center" });
// The page's own tab, where they don't all fit; only the strip moves, not the page.
for (const here of document.querySelectorAll<HTMLElement>(".ws-pages .is-here")) {
  const strip = here.parentElement;
  if (!strip) continue;
  const [tab, whole] = [here.getBoundingClientRect(), strip.getBoundingClientRect()];
  strip.scrollLeft += tab.left - whole.left - (whole.width - tab.width) / 2;
}
