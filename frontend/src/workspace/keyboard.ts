// One-key shortcuts. They stay quiet while somebody types into a field.

const PLACES: Record<string, string> = {
  h: "/workspace/",
  m: "/workspace/map/",
  r: "/workspace/requests/",
  c: "/workspace/customers/",
  k: "/workspace/cash-desk/",
  s: "/workspace/sessions/",
};
const SECOND_KEY_WITHIN_MS = 1200;

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.closest("input,textarea,select,[contenteditable]") !== null;
}

function focusSearch(): void {
  const field = document.querySelector<HTMLInputElement>("#ws-search");
  field?.focus();
  field?.select();
}

/** Physical keys are read (event.code), so that the Ukrainian layout works as the English one. */
export function startKeyboard(): void {
  let goPressedAt = 0;
  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.code === "KeyK") {
      event.preventDefault();
      focusSearch();
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
    if (event.key === "?" || (event.shiftKey && event.code === "Slash")) {
      event.preventDefault();
      document.querySelector<HTMLDialogElement>("#ws-shortcuts")?.showModal();
    } else if (event.code === "Slash" || event.key === "/") {
      event.preventDefault();
      focusSearch();
    } else if (event.code === "KeyG") {
      goPressedAt = Date.now();
    } else if (Date.now() - goPressedAt < SECOND_KEY_WITHIN_MS) {
      goPressedAt = 0;
      const place = PLACES[event.code.replace("Key", "").toLowerCase()];
      const link = place && document.querySelector<HTMLAnchorElement>(`header a[href="${place}"]`);
      if (place && (link || place === "/workspace/")) window.location.assign(place);
    }
  });
}
