// Keys of the address field: arrows walk through the suggestions, Esc closes them, "/" focuses it.

export function addressField(field: HTMLElement): void {
  const input = field.querySelector<HTMLInputElement>("input[type=search]");
  const panel = field.querySelector<HTMLElement>("#suggestions");
  if (!input || !panel) return;
  const choices = () => [...panel.querySelectorAll<HTMLElement>("button, a[href]")];
  const close = () => {
    panel.replaceChildren();
    panel.classList.remove("still");
  };

  field.addEventListener("keydown", (event) => {
    const all = choices();
    if (event.key === "Escape" && all.length) {
      event.preventDefault();
      close();
      input.focus();
      return;
    }
    const back = event.key === "ArrowUp" || event.key === "ArrowLeft";
    const on = event.key === "ArrowDown" || event.key === "ArrowRight";
    const at = all.indexOf(document.activeElement as HTMLElement);
    if ((!back && !on) || !all.length) return;
    if (at < 0 && event.key !== "ArrowDown") return;
    event.preventDefault();
    const next = at + (back ? -1 : 1);
    (next < 0 ? input : all[Math.min(next, all.length - 1)])?.focus();
  });
  input.addEventListener("input", () => panel.classList.remove("still"));
  document.addEventListener("click", (event) => {
    if (event.target instanceof Node && !field.contains(event.target)) close();
  });
  document.addEventListener("keydown", (event) => {
    const typing = (event.target as HTMLElement).matches?.("input, textarea, select");
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      input.focus();
    }
  });
}
