// Quick amounts: a button puts its amount into the field beside it.

export function startAmounts(): void {
  document.addEventListener("click", (event) => {
    const button = event.target instanceof Element ? event.target.closest<HTMLElement>("[data-amount]") : null;
    const field = button?.closest("form")?.querySelector<HTMLInputElement>("input[name=amount]");
    if (!button || !field) return;
    field.value = button.dataset.amount ?? "";
    field.dispatchEvent(new Event("input", { bubbles: true }));
    field.focus();
  });
}
