/** The conversations that there are, each by its newest picture. */
import { html } from "../vendor/preact.js";
import { dollars, t } from "../words.js";
import { Form } from "./form.js";
import { PictureBox } from "./picture_box.js";
import { Screen } from "./screen.js";

/** @param {{session: any}} props */
export function Gallery({ session }) {
  const { conversations, query, cursor, total, notes } = session.state.gallery;
  return html`<${Screen} title=${t("Earlier pictures")}>
    <${Form} role="search" class="line" send=${(fields) => session.browse(fields.query)}>
      <input type="search" name="query" defaultValue=${query} aria-label=${t("Words to look for")} placeholder=${t("a word of what was said or drawn")} />
      <button data-send>${t("Search")}</button><//>
    ${(conversations.length ? notes.map((note) => t(note)) : [t("Nothing was found. Try other words.")]).map((note) => html`<p class="soft">${note}</p>`)}
    <ul class="grid cards">${conversations.map((one) => html`<li key=${one.conversation_id}>
      <button class="card" onClick=${() => session.load(one.conversation_id)}>
        ${one.newest_image_id ? html`<${PictureBox} session=${session} image=${{ image_id: one.newest_image_id }} edge=${240} alt="" />` : html`<span class="empty" aria-hidden="true">${t("No picture yet")}</span>`}
        <span class="words">${one.bookmarked ? "★ " : ""}${one.title || t("Untitled")}</span>
        <span class="soft">${facts(one)}</span></button></li>`)}</ul>
    <div class="row spread soft">${t("{count} of {total}", { count: conversations.length, total })}
      ${cursor && html`<button onClick=${() => session.browse(query, cursor)}>${t("More")}</button>`}</div><//>`;
}

/** @param {any} one */
function facts(one) {
  return [t("Pictures: {pictures}", one), dollars(one.cost_usd), one.rating ? `${one.rating}/5` : "", one.changed_at.slice(0, 10)].filter(Boolean).join(" · ");
}
