// What makes the public pages livelier; each of them works without it.
import "htmx.org";
import { addressField } from "./address";
import { locate } from "./locate";

document.documentElement.classList.remove("no-js");
for (const field of document.querySelectorAll<HTMLElement>("[data-address]")) addressField(field);
for (const form of document.querySelectorAll<HTMLFormElement>("[data-locate]")) locate(form);

document.addEventListener("click", (event) => {
  const menu = document.querySelector<HTMLDetailsElement>(".menu[open]");
  if (menu && event.target instanceof Node && !menu.contains(event.target)) menu.open = false;
});

document.addEventListener("click", (event) => {
  if (event.target instanceof Element && event.target.closest("[data-print]")) window.print();
});

// A suggested amount goes into the field at once; without a script its link opens the page with it.
document.addEventListener("click", (event) => {
  const chip = event.target instanceof Element ? event.target.closest<HTMLElement>("[data-fill]") : null;
  const field = chip && document.getElementById(chip.dataset.fills ?? "");
  if (!chip || !(field instanceof HTMLInputElement)) return;
  event.preventDefault();
  field.value = chip.dataset.fill ?? "";
  field.focus();
});

// The way to a payment system goes on by itself, but not for who came back from there; the button
// is there for who has no script.
const onward = document.querySelector<HTMLFormElement | HTMLAnchorElement>("[data-go]");
const [arrival] = performance.getEntriesByType("navigation") as PerformanceNavigationTiming[];
if (onward && arrival?.type === "navigate") {
  if (onward instanceof HTMLFormElement) onward.submit();
  else location.assign(onward.href);
}
