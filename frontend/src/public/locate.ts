// "Where I am now": ask the browser, then send the place as the form would.

export function locate(form: HTMLFormElement): void {
  const button = form.querySelector<HTMLButtonElement>("[data-locate-button]");
  const failed = document.querySelector<HTMLElement>("[data-locate-failed]");
  if (!button || !("geolocation" in navigator)) return;
  form.hidden = false;
  const set = (name: string, value: number) => {
    const field = form.elements.namedItem(name);
    if (field instanceof HTMLInputElement) field.value = String(value);
  };
  button.addEventListener("click", () => {
    button.disabled = true;
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        set("lon", coords.longitude);
        set("lat", coords.latitude);
        set("accuracy_m", Math.ceil(coords.accuracy));
        form.submit();
      },
      () => {
        button.disabled = false;
        if (failed) failed.hidden = false;
      },
      { enableHighAccuracy: true, timeout: 10_000, maximumAge: 60_000 },
    );
  });
}
