// Builds what browsers load: one script and one stylesheet per face, and the parts taken from npm.
//
//   frontend/src/<face>/main.ts   -> frontend/static/build/<face>.js
//   frontend/src/<face>/main.css  -> frontend/static/build/<face>.css
//
// A face is picked up because its file is there; nothing is listed by hand. Fonts and images that a
// stylesheet refers to are copied to build/assets under a name with a hash of their content.
// build/icons.svg holds the Tabler icons that our templates and sources name, as
// <symbol id="ti-NAME">; name one as ti-NAME or {% icon "map-pin" %}.
// `node frontend/build.mjs --watch` rebuilds on change.

import { build, context } from "esbuild";
import { copyFile, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

const here = path.dirname(fileURLToPath(import.meta.url));
const root = path.dirname(here);
const sourceDir = path.join(here, "src");
const outDir = path.join(here, "static", "build");
const modules = path.join(root, "node_modules");
const watch = process.argv.includes("--watch");

// Whole files that pages load as they are, beside the bundles.
const VENDOR = {
  "htmx.min.js": "htmx.org/dist/htmx.min.js",
  "bootstrap.min.css": "bootstrap/dist/css/bootstrap.min.css",
  "bootstrap.bundle.min.js": "bootstrap/dist/js/bootstrap.bundle.min.js",
  "tabler.min.css": "@tabler/core/dist/css/tabler.min.css",
  "tabler.min.js": "@tabler/core/dist/js/tabler.min.js",
  // Written into reports that have to open without any network (frontend/planner/demand/report.py).
  "leaflet/leaflet.js": "leaflet/dist/leaflet.js",
  "leaflet/leaflet.css": "leaflet/dist/leaflet.css",
  "leaflet/images/layers.png": "leaflet/dist/images/layers.png",
  "leaflet/images/layers-2x.png": "leaflet/dist/images/layers-2x.png",
  "leaflet/images/marker-icon.png": "leaflet/dist/images/marker-icon.png",
  "leaflet/marker-icon.png": "leaflet/dist/images/marker-icon.png",
  "leaflet/marker-icon-2x.png": "leaflet/dist/images/marker-icon-2x.png",
  "leaflet/marker-shadow.png": "leaflet/dist/images/marker-shadow.png",
  "leaflet/layers.png": "leaflet/dist/images/layers.png",
  "leaflet/layers-2x.png": "leaflet/dist/images/layers-2x.png",
};

const ICON_NAMED = [/\bti-([a-z0-9]+(?:-[a-z0-9]+)*)/g, /\{%\s*icon\s+["']([a-z0-9-]+)["']/g];
const ICON_FILES = /\.(html|ts|py)$/;

/** Entry points by output name: every frontend/src/<face>/main.<extension>. */
async function entriesOf(extension) {
  const entries = {};
  for (const face of await readdir(sourceDir, { withFileTypes: true })) {
    const file = path.join(sourceDir, face.name, `main.${extension}`);
    if (face.isDirectory() && existsSync(file)) entries[face.name] = file;
  }
  return entries;
}

function optionsFor(entryPoints) {
  return {
    entryPoints,
    outdir: outDir,
    bundle: true,
    minify: !watch,
    format: "iife",
    target: ["es2022", "chrome110", "firefox110", "safari16"],
    loader: { ".woff2": "file", ".woff": "file", ".png": "file", ".svg": "file", ".gif": "file" },
    assetNames: "assets/[name]-[hash]",
    legalComments: "eof",
    logLevel: "warning",
  };
}

function eachEntry(options) {
  return Object.entries(options.entryPoints).map(([name, file]) => ({
    ...options,
    entryPoints: { [name]: file },
  }));
}

/** All files under `folder` whose names match, without build output. */
async function filesUnder(folder, pattern) {
  if (!existsSync(folder)) return [];
  const found = [];
  for (const item of await readdir(folder, { withFileTypes: true })) {
    const full = path.join(folder, item.name);
    if (item.isDirectory()) {
      if (full !== outDir && item.name !== "__pycache__") {
        found.push(...(await filesUnder(full, pattern)));
      }
    } else if (pattern.test(item.name)) {
      found.push(full);
    }
  }
  return found;
}

/** Icon names that our files mention. */
async function iconNames() {
  const names = new Set();
  for (const file of await filesUnder(here, ICON_FILES)) {
    const text = await readFile(file, "utf8");
    for (const pattern of ICON_NAMED) {
      for (const match of text.matchAll(pattern)) names.add(match[1]);
    }
  }
  return [...names].sort();
}

/** One <symbol> from a Tabler SVG; "star-filled" is the filled drawing of "star". */
async function symbolOf(name) {
  const filled = name.endsWith("-filled");
  const plain = filled ? name.slice(0, -"-filled".length) : name;
  const kind = filled ? "filled" : "outline";
  const file = path.join(modules, "@tabler", "icons", "icons", kind, `${plain}.svg`);
  if (!existsSync(file)) return null;
  const text = await readFile(file, "utf8");
  const inner = text
    .replace(/<!--[\s\S]*?-->/g, "")
    .replace(/^[\s\S]*?<svg[^>]*>/, "")
    .replace(/<\/svg>\s*$/, "")
    .replace(/<path stroke="none" d="M0 0h24v24H0z" fill="none"\s*\/>/, "")
    .replace(/\s+/g, " ")
    .trim();
  const paint = filled
    ? 'fill="currentColor"'
    : 'fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round"';
  return `<symbol id="ti-${name}" viewBox="0 0 24 24" ${paint}>${inner}</symbol>`;
}

async function writeIcons() {
  const symbols = [];
  for (const name of await iconNames()) {
    const symbol = await symbolOf(name);
    if (symbol) symbols.push(symbol);
  }
  const text = `<svg xmlns="http://www.w3.org/2000/svg">${symbols.join("\n")}</svg>\n`;
  await writeFile(path.join(outDir, "icons.svg"), text);
}

async function copyVendor() {
  for (const [name, source] of Object.entries(VENDOR)) {
    const from = path.join(modules, source);
    const to = path.join(outDir, "vendor", name);
    await mkdir(path.dirname(to), { recursive: true });
    if (/\.(css|js)$/.test(name)) {
      // Source maps are not shipped, so the comment that names one must go too.
      const text = await readFile(from, "utf8");
      await writeFile(to, text.replace(/^\s*(\/\/|\/\*)# sourceMappingURL=.*$/gm, ""));
    } else {
      await copyFile(from, to);
    }
  }
}

await mkdir(outDir, { recursive: true });
const scripts = optionsFor(await entriesOf("ts"));
const styles = optionsFor(await entriesOf("css"));
if (watch) {
  await Promise.all([writeIcons(), copyVendor()]);
  for (const options of [scripts, styles]) await (await context(options)).watch();
} else {
  await rm(path.join(outDir, "assets"), { recursive: true, force: true });
  // Each face is built on its own, so one that fails leaves the others usable.
  const jobs = [...eachEntry(scripts), ...eachEntry(styles)].map((options) => build(options));
  const results = await Promise.allSettled([...jobs, writeIcons(), copyVendor()]);
  if (results.some((result) => result.status === "rejected")) process.exitCode = 1;
}
