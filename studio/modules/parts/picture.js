/** The picture, its facts, and what one does with it: change, paint, compare, rate, go back. */
import { html } from "../vendor/preact.js";
import { about, dollars, priceOfChange } from "../prices.js";
import { Compare } from "./compare.js";
import { Form } from "./form.js";
import { Paint } from "./paint.js";
import { PictureBox } from "./picture_box.js";
import { Copy } from "./prompt.js";
import { Rating } from "./rating.js";
import { Versions } from "./versions.js";

const VERDICTS = { met: ["✓", "Met"], not_met: ["✗", "Not met"], cannot_tell: ["?", "Cannot tell"] };
/** Words that begin a change, put into the field to be gone on with. */
const STARTS = ["warmer light", "closer", "simpler", "more contrast"];

/** @param {{session: any, state: any}} props */
export function Picture({ session, state }) {
  const { view } = state;
  const image = view.images.find((one) => one.image_id === state.imageId);
  const open = (panel) => session.set({ panel });
  if (state.panel) return html`<section aria-labelledby="heading">
    <h1 id="heading" tabindex="-1">${view.title || "The picture"}</h1>
    ${state.panel === "paint" ? html`<${Paint} key=${image.image_id} session=${session} state=${state} image=${image} />`
      : html`<${Compare} key=${image.image_id} session=${session} state=${state} image=${image} />`}</section>`;
  return html`<section aria-labelledby="heading">
    <div class="row spread"><h1 id="heading" tabindex="-1">${view.title || "The picture"}</h1>
      <button class="plain" aria-pressed=${view.bookmarked ? "true" : "false"} onClick=${() => session.bookmark()}>${view.bookmarked ? "★ Bookmarked" : "☆ Bookmark"}</button></div>
    <div class="frame" style=${{ width: `min(100%, ${wide(image)})` }}><${PictureBox} session=${session} image=${image} edge=${1024} alt=${image.prompt} /></div>
    <${Facts} session=${session} state=${state} image=${image} />
    <div class="row"><button type="button" onClick=${() => open("paint")}>Paint a part</button>
      ${view.images.length > 1 && html`<button type="button" onClick=${() => open("compare")}>Compare</button>`}
      <button type="button" disabled=${Boolean(state.busy)} onClick=${() => session.vary(image)}>Four directions${about(times(priceOfChange(view, image), 4))}</button></div>
    <${Change} session=${session} state=${state} image=${image} />
    ${view.images.length > 1 && html`<${Versions} session=${session} state=${state} />`}
    <${Rating} key=${image.image_id} session=${session} image=${image} />
    <${Checklist} image=${image} />
  </section>`;
}

/** A width at which a tall picture leaves room for what is below. @param {any} image */
function wide(image) {
  return `${Math.round(30 * Math.min(2, image.width / Math.max(1, image.height)))}rem`;
}

/** @param {number | null} usd @param {number} count */
function times(usd, count) {
  return usd ? usd * count : null;
}

/** @param {{session: any, state: any, image: any}} props */
function Facts({ session, state, image }) {
  const { door } = session;
  const save = () => door.download(`image://${image.image_id}`, image.path.split(/[\\/]/).at(-1), `image/${image.format}`).catch((error) => session.set({ trouble: { kind: "fault", text: error.message } }));
  return html`<div><ul class="facts">
      <li>${image.width} × ${image.height} ${image.format}${image.has_alpha ? ", transparent" : ""}</li>
      ${image.cost_usd !== null && html`<li>${dollars(image.cost_usd)}</li>`}
      <li>${image.model}${image.quality ? `, ${image.quality}` : ""}</li>
      ${image.changed && html`<li class="words">Changed: ${image.changed}</li>`}</ul>
    <p class="row"><span class="path">${image.path}</span><${Copy} text=${image.path} words="Copy path" />
      ${door.canDownload && html`<button type="button" class="plain" onClick=${save}>Save a copy</button>`}</p></div>`;
}

/** @param {{session: any, state: any, image: any}} props */
function Change({ session, state, image }) {
  const mask = state.mask?.imageId === image.image_id ? state.mask : null;
  const isBusy = Boolean(state.busy);
  const send = () => session.change(state.draft.trim(), image);
  const start = (words) => session.set({ draft: state.draft.trim() ? `${state.draft.trim()}, ${words}` : words });
  return html`<${Form} send=${send}>
    <div><label for="change">Change this</label>
    <textarea id="change" rows="2" value=${state.draft} disabled=${isBusy} placeholder="warmer light, and without the boat" onInput=${(event) => session.set({ draft: event.target.value })}></textarea></div>
    <div class="row">${STARTS.map((words) => html`<button type="button" class="plain" disabled=${isBusy} onClick=${() => start(words)}>${words}</button>`)}</div>
    ${mask && html`<p class="row soft">Only the painted part changes, ${mask.share} % of the picture. <button type="button" class="plain" onClick=${() => session.set({ mask: null })}>Change all of it</button></p>`}
    <div class="row"><button type="button" class="act" data-send disabled=${isBusy || !state.draft.trim()}>${mask ? "Change the painted part" : "Change it"}${about(priceOfChange(state.view, image))}</button></div>
  <//>`;
}

/** What an independent look found, else what to look at. @param {{image: any}} props */
function Checklist({ image }) {
  const { findings, checklist } = image;
  if (findings.length)
    return html`<details open><summary>What a second look found</summary><ul class="check">${findings.map((one) => html`<li><span aria-hidden="true">${VERDICTS[one.verdict][0]}</span>
      <span><span class="hidden">${VERDICTS[one.verdict][1]}: </span>${one.item} <span class="soft">${one.seen}</span></span></li>`)}</ul></details>`;
  if (!checklist.length) return null;
  return html`<details><summary>What to look at</summary><ul class="check">${checklist.map((item) => html`<li><span aria-hidden="true">·</span><span>${item}</span></li>`)}</ul></details>`;
}
