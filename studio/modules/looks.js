/** Small drawings and colours beside options that name something one can see. */
import { html } from "./vendor/preact.js";

const PALETTES = {
  warm: "#e07b39,#c9421e,#f0c35e", cool: "#2b6cb0,#3aa6a6,#8fb4ec", pastel: "#f6c9d0,#cfe8d5,#d6d3f0",
  natural: "#7a8b5a,#b59f7a,#5a6b73", muted: "#8d8a83,#a79f93,#6f7a80", earthy: "#8a5a3b,#b98b5e,#5e5a3c",
  vivid: "#e6003d,#ffb400,#0091d5", bright: "#ff5a36,#ffd23f,#1fb5a8", neon: "#ff2bd6,#22e6ff,#b6ff3c",
  "black and white": "#111,#888,#f2f2f2", monochrome: "#1d1d1d,#777,#dcdcdc", dark: "#14161a,#2b2f38,#4a5160",
  "jewel tones": "#5b1a6b,#0b6b52,#1c3f94",
};

/** Paths in a square of 24 by words of an option; each shows where the subject stands. */
const SKETCHES = {
  "close-up": "M3 3h18v18H3zM12 6.5a6 6 0 1 0 .01 0M6 21c1-4 11-4 12 0",
  "eye level": "M3 3h18v18H3zM3 12h18M12 7a2.5 2.5 0 1 0 .01 0M8 21c0-8 8-8 8 0",
  "from above": "M3 3h18v18H3zM12 9a3 3 0 1 0 .01 0M12 5v2M12 17v2M5 12h2M17 12h2",
  "from below": "M3 3h18v18H3zM9 21l2-12h2l2 12M12 5.5a1.5 1.5 0 1 0 .01 0",
  "wide view": "M2 6h20v12H2zM2 15l5-4 4 3 5-5 6 6M12 15v-2",
  "wide": "M2 7h20v10H2z", "tall": "M7 2h10v20H7z", "square": "M4 4h16v16H4z",
  "landscape": "M2 7h20v10H2z", "portrait": "M7 2h10v20H7z",
  "centred": "M3 3h18v18H3zM12 9a3 3 0 1 0 .01 0", "centered": "M3 3h18v18H3zM12 9a3 3 0 1 0 .01 0",
  "side view": "M3 3h18v18H3zM3 17h18M9 17v-6h6v6",
};

const COLOURS = new Set(["palette", "colors", "colours", "color", "colour", "background"]);

/** The picture of an option; null where there is none. @param {string} dimension @param {string} option */
export function look(dimension, option) {
  const words = option.toLowerCase();
  const colours = COLOURS.has(dimension) ? coloursOf(words) : "";
  if (colours) return html`<span class="swatch" aria-hidden="true" style=${{ background: `linear-gradient(90deg, ${colours})` }}></span>`;
  const path = SKETCHES[words] ?? SKETCHES[Object.keys(SKETCHES).find((key) => words.startsWith(key)) ?? ""];
  return path ? sketch(path) : null;
}

/** @param {string} path */
function sketch(path) {
  return html`<svg class="sketch" viewBox="0 0 24 24" aria-hidden="true" fill="none" stroke="currentColor" stroke-width="1.5"><path d=${path} /></svg>`;
}

/** Colours for a gradient: of a known palette, else those that the words name. @param {string} words */
function coloursOf(words) {
  const known = Object.keys(PALETTES).find((key) => words.startsWith(key));
  if (known) return PALETTES[known];
  const named = (words.match(/#[0-9a-f]{6}\b|[a-z]+/g) ?? []).filter((word) => CSS.supports("color", word) && !KEYWORDS.has(word));
  return named.length > 1 ? named.join(",") : named.length ? `${named[0]},${named[0]}` : "";
}

/** Words that CSS takes for a colour and people do not. */
const KEYWORDS = new Set(["inherit", "initial", "unset", "revert", "transparent", "currentcolor", "canvas", "field", "mark", "highlight"]);
