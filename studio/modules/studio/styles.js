/** Styles: what they look like and really say, one by one, and a way to use or delete each. */
import { html, useEffect, useState } from "../vendor/preact.js";
import { Screen, Sketch } from "../parts/screen.js";
import { dollars, label, nameOf, t } from "../words.js";
import { readInto } from "./reading.js";
import { Removal } from "./removal.js";

export const ASPECTS = ["palette", "light", "composition", "texture", "line", "mood", "medium"];

/** From so many on they are searched rather than looked through. */
const MANY = 9;

/** Whether a style says all these words somewhere. @param {any} style @param {string} query */
function says(style, query) {
  const text = [style.name.replaceAll("_", " "), style.note, ...style.tags, ...Object.values(style.words)].join(" ").toLowerCase();
  return query.toLowerCase().split(/\s+/).every((word) => text.includes(word));
}

/** What a style is called before people. @param {string} name */
export function styleTitleOf(name) {
  return name.replaceAll("_", " ");
}

/** Where a sample of a style is to be had. @param {string} name @param {number} number */
export function sampleOf(name, number) {
  return `/v1/styles/${name}/samples/${number}`;
}

/** Colours beside each other. @param {{colours: string[]}} props */
export function Swatch({ colours }) {
  return html`<span class="swatch palette" role="img" aria-label=${colours.join(", ")}>${colours.map((colour) => html`<i style=${{ background: colour }}></i>`)}</span>`;
}

/** A sample of a style, else its colours, else a sign that it is made of words. @param {{style: any}} props */
function Face({ style }) {
  if (style.samples) return html`<span class="picture"><img src=${sampleOf(style.name, 1)} alt="" loading="lazy" /></span>`;
  if (style.colours.length) return html`<span class="swatch" aria-hidden="true">${style.colours.map((colour) => html`<i style=${{ background: colour }}></i>`)}</span>`;
  return html`<span class="empty" aria-hidden="true"><${Sketch} path="M4 7h16M4 12h16M4 17h10" /></span>`;
}

/** @param {{desk: any}} props */
export function Styles({ desk }) {
  const [{ data, problem }, setStyles] = useState(/** @type {any} */ ({}));
  const [query, setQuery] = useState("");
  useEffect(() => readInto(setStyles, () => desk.view("styles")), []);
  const styles = (data?.styles ?? []).filter((one) => says(one, query));
  return html`<div><h2>${t("Styles")}</h2>
    <p class="soft">${t("What a picture looks like, apart from what it shows. Choose pictures in the gallery to make one of them.")}</p>
    ${problem && html`<p role="alert">${problem}</p>`}
    ${data?.styles.length > MANY && html`<input type="search" aria-label=${t("Search the styles")} placeholder=${t("a word of what they say")} value=${query} onInput=${(event) => setQuery(event.target.value)} />`}
    <ul class="grid entries looks">${styles.map((one) => html`<li key=${one.name}><a class="entry" href=${`#style=${one.name}`}>
      <${Face} style=${one} /><span><b class="words">${styleTitleOf(one.name)}</b>${one.own && html` <span class="badge">${t("yours")}</span>`}
      <span class="soft words" lang=${one.fault ? "en" : null}>${one.fault || t(one.note)}</span>
      ${one.tags.length > 0 && html`<span class="soft words">${one.tags.map((tag) => t(tag)).join(" · ")}</span>`}</span></a></li>`)}</ul>
    ${data && !styles.length && html`<p role="status">${t("No style says that.")}</p>`}
    ${data && html`<p class="soft">${t("Styles of your own lie in {folder}; each is a file that you can read and change.", { folder: data.own_folder })}</p>`}</div>`;
}

/** @param {{desk: any, name: string}} props */
export function Style({ desk, name }) {
  const [{ data, problem }, setStyles] = useState(/** @type {any} */ ({}));
  useEffect(() => readInto(setStyles, () => desk.view("styles")), [name]);
  const style = data?.styles.find((one) => one.name === name);
  const all = html`<a class="more" href="#library">${t("All styles and templates")}</a>`;
  if (!style) return html`<${Screen} title=${data ? t("This is not there") : t("One moment")} aside=${all}>${problem && html`<p role="alert">${problem}</p>`}<//>`;
  const made = desk.state.made?.name === name ? desk.state.made : null;
  const samples = Array.from({ length: style.samples }, (_, place) => place + 1);
  return html`<${Screen} title=${styleTitleOf(name)} aside=${all}>
    ${style.fault ? html`<p class="words" role="alert" lang="en">${style.fault}</p>` : html`<p class="words">${t(style.note)}</p>`}
    ${made && html`<p role="status">${t("The style is kept.")}</p>`}
    ${samples.length > 0 && html`<ul class="strip samples">${samples.map((number) => html`<li><img src=${sampleOf(name, number)} alt=${t("Sample {number}", { number })} /></li>`)}</ul>`}
    ${style.colours.length > 0 && html`<div><h2>${t("Colours that were measured")}</h2><${Swatch} colours=${style.colours} /></div>`}
    ${!style.fault && html`<div><h2>${t("What it says")}</h2><${Phrases} phrases=${Object.entries(style.words).map(([aspect, words]) => ({ aspect, words }))} /></div>
      <p><a class="act" href=${`#create=${name}`}>${t("Use this style")}</a></p>`}
    ${style.avoid.length > 0 && html`<div><h2>${t("What it avoids")}</h2><p class="words">${style.avoid.join("; ")}</p></div>`}
    ${style.tags.length > 0 && html`<p class="soft words">${style.tags.map((tag) => t(tag)).join(" · ")}</p>`}
    ${made?.left_out.length > 0 && html`<div><h2>${t("What was not taken")}</h2><ul class="list">${made.left_out.map((one) => html`<li>
      <q class="words">${one.words}</q><span class="soft words">${label(nameOf("dimensions", one.aspect))} ${one.because}</span></li>`)}</ul></div>`}
    ${made?.cost_usd > 0 && html`<p class="soft">${label(t("Cost"))} ${dollars(made.cost_usd)}</p>`}
    ${(made?.notes ?? []).map((note) => html`<p class="soft words" lang="en">${note}</p>`)}
    ${style.own && html`<${Removal} title=${t("Delete this style")} ask=${(_, forGood) => remove(desk, style, forGood)} />`}<//>`;
}

/** Which aspects are meant. @param {{legend: string, offered: string[], chosen: string[], put: (aspects: string[]) => void}} props */
export function Aspects({ legend, offered, chosen, put }) {
  const turn = (aspect) => put(offered.filter((one) => (one === aspect) !== chosen.includes(one)));
  return html`<fieldset><legend>${legend}</legend><div class="ticks">${offered.map((aspect) => html`<label class="tick" key=${aspect}>
    <input type="checkbox" checked=${chosen.includes(aspect)} onChange=${() => turn(aspect)} />${nameOf("dimensions", aspect)}</label>`)}</div></fieldset>`;
}

/** Words of styles by what they are about. @param {{phrases: any[]}} props */
export function Phrases({ phrases }) {
  return html`<dl class="brief">${phrases.map(({ aspect, words, style }) => html`<div key=${`${style} ${aspect}`}><dt>${nameOf("dimensions", aspect)}${style ? ` · ${styleTitleOf(style)}` : ""}</dt><dd class="words">${words}</dd></div>`)}</dl>`;
}

/** What of a style would go, or has gone. @param {any} desk @param {any} style @param {boolean} forGood */
async function remove(desk, { name, files }, forGood) {
  const { hash } = location;
  if (forGood) await desk.call("view_keep", { what: "style", id: name, value: "delete" });
  if (forGood && location.hash === hash) location.hash = "#library";
  return [t("These files go for good: {files}. Pictures that were drawn in this style stay.", { files: files.join(", ") })];
}
