/** The picture, its facts, and what one does with it: change, paint, compare, rate, go back. */
import { html } from "../vendor/preact.js";
import { priceOfChange } from "../prices.js";
import { about, dollars, label, t } from "../words.js";
import { Compare } from "./compare.js";
import { Copy } from "./copy.js";
import { Form } from "./form.js";
import { Layer, Paint } from "./paint.js";
import { PictureBox, roomOf } from "./picture_box.js";
import { Rating } from "./rating.js";
import { Chip, Screen } from "./screen.js";
import { Versions } from "./versions.js";

/** @param {{session: any}} props */
export function Picture({ session }) {
  const { state } = session;
  const { view } = state;
  const image = view.images.find((one) => one.image_id === state.imageId);
  const Panel = { paint: Paint, compare: Compare }[state.panel];
  if (Panel) return html`<${Panel} key=${image.image_id} session=${session} image=${image} />`;
  const mask = session.maskOf(image);
  const compare = html`<button class="plain" onClick=${() => session.set({ panel: "compare" })}>${t("Compare")}</button>`;
  const bookmark = html`<button class="plain" aria-pressed=${view.bookmarked} onClick=${() => session.bookmark()}>${view.bookmarked ? `★ ${t("Conversation bookmarked")}` : `☆ ${t("Bookmark the conversation")}`}</button>`;
  return html`<${Screen} title=${view.title || t("The picture")} aside=${bookmark}>
    <div class="frame paint" style=${roomOf(image)}><${PictureBox} key=${image.image_id} session=${session} image=${image} edge=${1024} alt=${image.prompt} />
      ${mask && html`<${Layer} image=${image} strokes=${mask.strokes} aria-hidden="true" />`}</div>
    <${Facts} session=${session} image=${image} />
    <${Change} session=${session} image=${image} />
    ${view.images.length > 1 && html`<${Versions} session=${session} title=${t("Versions")} aside=${compare} />`}
    <${Rating} key=${image.image_id} session=${session} image=${image} />
    <${Checklist} image=${image} /><//>`;
}

/** @param {{session: any, image: any}} props */
function Facts({ session, image }) {
  const { door } = session;
  const save = () => door.download(`image://${image.image_id}`, image.path.split(/[\\/]/).at(-1), `image/${image.format}`).catch((error) => session.fault(error));
  return html`<div><ul class="facts">
      <li>${image.width} × ${image.height} ${image.format}</li>
      ${image.has_alpha && html`<li>${t("transparent")}</li>`}
      ${image.cost_usd !== null && html`<li>${dollars(image.cost_usd)}</li>`}
      <li>${image.model}, ${t("Quality")} ${t(image.quality)}</li>
      ${image.changed && html`<li class="words">${label(t("Changed"))} ${image.changed}</li>`}
      ${image.variation && html`<li class="words">${image.variation}</li>`}</ul>
    <p class="row"><span class="path">${image.path}</span><${Copy} text=${image.path} words=${t("Copy path")} />
      ${door.canDownload && html`<button class="plain" onClick=${save}>${t("Save a copy")}</button>`}</p></div>`;
}

/** @param {{session: any, image: any}} props */
function Change({ session, image }) {
  const { state } = session;
  const mask = session.maskOf(image);
  const draft = state.draft.trim();
  const quality = state.quality || image.next_quality;
  const isAnew = !draft && quality !== image.next_quality;
  // Words that begin a change, put into the field to be gone on with.
  const starts = [t("warmer light"), t("closer"), t("simpler"), t("more contrast")];
  return html`<${Form} send=${() => session.change(draft, image)}>
    <label>${t("Change this")}
      <textarea rows="2" value=${state.draft} onInput=${(event) => session.set({ draft: event.target.value })}></textarea></label>
    <div class="row">${starts.map((words) => html`<button class="plain" onClick=${() => session.set({ draft: draft ? `${draft}, ${words}` : words })}>${words}</button>`)}</div>
    ${mask && html`<p class="row soft">${t("Only the painted part changes, {share} % of the picture.", mask)} <button class="plain" onClick=${() => session.set({ mask: null })}>${t("Change all of it")}</button></p>`}
    <div class="row"><button class="act" data-send disabled=${!draft && !isAnew}>${mask ? t("Change the painted part") : isAnew ? t("Draw it anew") : t("Change it")}${about(priceOfChange(image, quality))}</button>
      <button onClick=${() => session.set({ panel: "paint" })}>${t("Paint a part")}</button>
      <button onClick=${() => session.drawFrom(image, { variations: 4 })}>${t("Four directions")}${about(priceOfChange(image, quality, 4))}</button></div>
    <details><summary>${label(t("Quality"))} ${t(quality)}</summary><div class="chips" role="radiogroup" aria-label=${t("Quality")}>${Object.entries(image.next_prices).map(([name, usd]) => html`<${Chip} name="quality" checked=${name === quality} hint=${dollars(usd)} onChange=${() => session.set({ quality: name })}>
      ${t(name)}<//>`)}</div></details><//>`;
}

/** What an independent look found, else what to look at. @param {{image: any}} props */
function Checklist({ image: { findings, checklist } }) {
  const verdicts = { met: ["✓", t("Met")], not_met: ["✗", t("Not met")], cannot_tell: ["?", t("Cannot tell")] };
  const items = findings.length ? findings.map((one) => [...verdicts[one.verdict], one.item, one.seen]) : checklist.map((item) => ["·", "", item, ""]);
  return items.length > 0 && html`<details open=${findings.length > 0}><summary>${findings.length ? t("What a second look found") : t("What to look at")}</summary>
    <ul class="check">${items.map(([sign, verdict, item, remark]) => html`<li><span aria-hidden="true">${sign}</span>
      <span><span class="hidden">${verdict} </span>${item} <span class="soft">${remark}</span></span></li>`)}</ul></details>`;
}
