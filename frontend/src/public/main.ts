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
