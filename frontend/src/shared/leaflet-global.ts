// Geoman is a plain script that extends a global `L`; import this before it.
import * as leaflet from "leaflet";

// A namespace object is frozen, and Geoman adds to `L`, so it gets a copy that can grow.
const L = { ...leaflet } as typeof leaflet;
(window as unknown as { L: typeof leaflet }).L = L;

export default L;
