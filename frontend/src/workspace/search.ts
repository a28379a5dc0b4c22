// Choosing from a list of suggestions by arrows and Enter, for every field with one.
//
// A field is an <input role="combobox" aria-controls="LIST">; htmx fills the list with
// <a role="option">. Enter follows the chosen link, or sends the form when none is chosen.

function optionsOf(input: HTMLInputElement): HTMLAnchorElement[] {
  const list = document.getElementById(input.getAttribute("aria-controls") ?? "");
  return list ? [...list.querySelectorAll<HTMLAnchorElement>("a[role=option]")] : [];
}

function choose(input: HTMLInputElement, options: HTMLAnchorElement[], index: number): void {
  options.forEach((option, i) => {
    option.setAttribute("aria-selected", String(i === index));
    if (i === index) option.scrollIntoView({ block: "nearest" });
  });
  const chosen = options[index];
  if (chosen?.id) input.setAttribute("aria-activedescendant", chosen.id);
  else input.removeAttribute("aria-activedescendant");
}

function clear(input: HTMLInputElement): void {
  const list = document.getElementById(input.getAttribute("aria-controls") ?? "");
  if (list) list.innerHTML = "";
  input.setAttribute("aria-expanded", "false");
}

function onKey(event: KeyboardEvent): void {
  const input = event.target;
  if (!(input instanceof HTMLInputElement) || input.getAttribute("role") !== "combobox") return;
  const options = optionsOf(input);
  const present = options.findIndex((o) => o.getAttribute("aria-selected") === "true");
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    if (options.length === 0) return;
    event.preventDefault();
    const step = event.key === "ArrowDown" ? 1 : -1;
    choose(input, options, (present + step + options.length) % options.length);
  } else if (event.key === "Enter" && present >= 0) {
    event.preventDefault();
    options[present]?.click();
  } else if (event.key === "Escape") {
    clear(input);
    input.blur();
  }
}

export function startSearch(): void {
  document.addEventListener("keydown", onKey);
  document.addEventListener("htmx:afterSettle", (event) => {
    const list = event.target as HTMLElement;
    const input = document.querySelector<HTMLInputElement>(`[aria-controls="${list.id}"]`);
    if (list.id && input) {
      input.setAttribute("aria-expanded", String(list.childElementCount > 0));
      const options = optionsOf(input);
      options.forEach((option, i) => (option.id = `${list.id}-${i}`));
    }
  });
  document.addEventListener("click", (event) => {
    for (const input of document.querySelectorAll<HTMLInputElement>("[role=combobox]")) {
      const box = input.closest("form, .ws-pick");
      if (box && event.target instanceof Node && !box.contains(event.target)) clear(input);
    }
  });
}
