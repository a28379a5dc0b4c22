// Import of addresses: the file on its way, the place of a remark, pins.

import { BuildingLayer } from "../shared/buildings";
import { createMap, L, token } from "../shared/map";

const CLOSE_ZOOM = 17;

function startUpload(form: HTMLFormElement): void {
  const input = form.querySelector<HTMLInputElement>("#im-file")!;
  const fault = form.querySelector<HTMLElement>("#im-upload-error")!;
  const sending = form.querySelector<HTMLElement>("#im-sending")!;
  const bar = form.querySelector<HTMLProgressElement>("#im-sent")!;
  const text = form.querySelector<HTMLElement>("#im-sent-text")!;
  form.classList.add("is-live");

  const fail = (message: string): void => {
    fault.textContent = message;
    fault.hidden = false;
    sending.hidden = true;
    input.value = "";
  };

  const send = (file: File): void => {
    fault.hidden = true;
    if (file.size > Number(form.dataset.mostMb) * 1e6) return fail(form.dataset.tooBig ?? "");
    const body = new FormData(form);
    body.set("file", file, file.name);
    const request = new XMLHttpRequest();
    sending.hidden = false;
    bar.value = 0;
    text.textContent = file.name;
    request.upload.addEventListener("progress", (event) => {
      if (!event.lengthComputable) return;
      bar.value = Math.round((100 * event.loaded) / event.total);
      text.textContent = `${file.name} · ${bar.value}%`;
    });
    request.addEventListener("load", () => {
      if (request.status < 300) return window.location.assign(request.responseURL);
      const page = new DOMParser().parseFromString(request.responseText, "text/html");
      const said = page.querySelector("main p, main .alert")?.textContent?.trim();
      fail(said || form.dataset.failed || "");
    });
    request.addEventListener("error", () => fail(form.dataset.failed ?? ""));
    request.open("POST", form.action);
    request.send(body);
  };

  input.addEventListener("change", () => {
    if (input.files?.[0]) send(input.files[0]);
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (input.files?.[0]) send(input.files[0]);
  });
  const page = document.getElementById("main")!;
  page.addEventListener("dragover", (event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    form.classList.add("is-over");
  });
  page.addEventListener("dragleave", (event) => {
    if (!page.contains(event.relatedTarget as Node | null)) form.classList.remove("is-over");
  });
  page.addEventListener("drop", (event) => {
    event.preventDefault();
    form.classList.remove("is-over");
    const dropped = event.dataTransfer?.files[0];
    if (dropped) send(dropped);
  });
}

/**
 * The wizard: each change is sent, and the answer takes the place of the whole form. An answer to what
 * the form said a moment ago would undo what was chosen or typed since, so it is not shown: the newer
 * change has its own answer coming, or sends one when the field is left.
 */
function startWizard(form: HTMLFormElement): void {
  const told = (): string => JSON.stringify([...new FormData(form)].map(([name, value]) => [name, String(value)]));
  let asked = told();
  let isBehind = false;
  form.addEventListener("htmx:beforeRequest", () => {
    asked = told();
    isBehind = false;
  });
  form.addEventListener("htmx:beforeSwap", (event) => {
    isBehind = told() !== asked;
    if (isBehind) (event as CustomEvent<{ shouldSwap: boolean }>).detail.shouldSwap = false;
  });
  form.addEventListener("focusout", () => {
    if (isBehind) form.dispatchEvent(new Event("change"));
  });
}

function ring(at: L.LatLng): L.CircleMarker {
  const color = token("--brand", "#0b6b61");
  return L.circleMarker(at, { radius: 11, weight: 4, color, fillColor: "#fff", fillOpacity: 0.5 });
}

/** The report: each remark has a place, the chosen one is shown close. */
function startReportMap(element: HTMLElement): void {
  const buttons = [...document.querySelectorAll<HTMLElement>("button[data-lat]")];
  if (!buttons.length) {
    element.remove();
    return;
  }
  const map = createMap(element);
  new BuildingLayer(map);
  const dots = L.featureGroup().addTo(map);
  for (const button of buttons) {
    const at = L.latLng(Number(button.dataset.lat), Number(button.dataset.lon));
    const color = token("--st-debt", "#b3261e");
    const dot = L.circleMarker(at, { radius: 5, weight: 1.5, color, fillOpacity: 0.35 }).addTo(dots);
    dot.bindTooltip(document.createTextNode(button.dataset.name ?? "") as unknown as HTMLElement);
  }
  map.fitBounds(dots.getBounds().pad(0.1), { maxZoom: CLOSE_ZOOM });
  let shown: L.CircleMarker | null = null;
  for (const button of buttons) {
    button.addEventListener("click", () => {
      shown?.remove();
      const at = L.latLng(Number(button.dataset.lat), Number(button.dataset.lon));
      shown = ring(at).addTo(map);
      map.setView(at, Math.max(CLOSE_ZOOM, map.getZoom()));
      element.scrollIntoView({ block: "nearest" });
    });
  }
}

/** Pins: an address is chosen, a click on the map is its place. */
function startPins(element: HTMLElement): void {
  const map = createMap(element);
  const bounds = JSON.parse(element.dataset.bounds ?? "null") as [[number, number], [number, number]] | null;
  if (bounds) map.fitBounds(bounds);
  new BuildingLayer(map);
  let form: HTMLFormElement | null = null;
  let marker: L.CircleMarker | null = null;

  const put = (at: L.LatLng, near: boolean): void => {
    marker?.remove();
    marker = ring(at).addTo(map);
    if (near) map.setView(at, Math.max(CLOSE_ZOOM, map.getZoom()));
  };
  const field = (name: string): HTMLInputElement => form!.elements.namedItem(name) as HTMLInputElement;

  for (const pick of document.querySelectorAll<HTMLButtonElement>(".im-pick")) {
    pick.addEventListener("click", () => {
      const isOpen = pick.getAttribute("aria-expanded") === "true";
      for (const other of document.querySelectorAll<HTMLButtonElement>(".im-pick[aria-expanded=true]")) {
        other.setAttribute("aria-expanded", "false");
        (other.nextElementSibling as HTMLElement).hidden = true;
      }
      marker?.remove();
      form = null;
      if (isOpen) return;
      pick.setAttribute("aria-expanded", "true");
      (pick.nextElementSibling as HTMLElement).hidden = false;
      form = pick.closest("form");
      if (pick.dataset.lat) put(L.latLng(Number(pick.dataset.lat), Number(pick.dataset.lon)), true);
    });
  }
  map.on("click", (event: L.LeafletMouseEvent) => {
    if (!form) return;
    const at = event.latlng.wrap();
    field("lat").value = at.lat.toFixed(6);
    field("lon").value = at.lng.toFixed(6);
    put(at, false);
  });
}

const upload = document.querySelector<HTMLFormElement>("#im-upload");
if (upload) startUpload(upload);
const wizard = document.querySelector<HTMLFormElement>("#im-form");
if (wizard) startWizard(wizard);
const holder = document.getElementById("im-map");
if (holder) (holder.dataset.pins === undefined ? startReportMap : startPins)(holder);
