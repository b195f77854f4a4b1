/** The conversations that there are, each by its newest picture. */
import { html } from "../vendor/preact.js";
import { dollars } from "../prices.js";
import { Form } from "./form.js";
import { PictureBox } from "./picture_box.js";

/** @param {{session: any, state: any}} props */
export function Gallery({ session, state }) {
  const { gallery } = state;
  const isBusy = Boolean(state.busy);
  const search = (fields) => {
    session.touched = true;
    session.browse(String(fields.get("query")).trim());
  };
  const open = (id) => {
    session.touched = true;
    session.load(id);
  };
  return html`<section aria-labelledby="heading">
    <h1 id="heading" tabindex="-1">Earlier pictures</h1>
    <${Form} role="search" class="row" send=${search}><input type="search" name="query" defaultValue=${gallery.query} aria-label="Words to look for" placeholder="a word of what was said or drawn" style=${{ flex: "1 1 12rem", width: "auto" }} />
      <button type="button" data-send disabled=${isBusy}>Search</button><//>
    ${gallery.notes.map((note) => html`<p class="soft">${note}</p>`)}
    <ul class="grid cards">${gallery.conversations.map((one) => html`<li key=${one.conversation_id}>
      <button class="card" type="button" onClick=${() => open(one.conversation_id)}>
        ${one.newest_image_id ? html`<${PictureBox} session=${session} image=${{ image_id: one.newest_image_id }} edge=${240} alt="" />` : html`<span class="empty" aria-hidden="true">No picture yet</span>`}
        <span class="words">${one.bookmarked ? "★ " : ""}${one.title || "Untitled"}</span>
        <span class="soft">${facts(one)}</span></button></li>`)}</ul>
    <div class="row spread"><span class="soft">${gallery.conversations.length} of ${gallery.total}</span>
      ${gallery.cursor && html`<button disabled=${isBusy} onClick=${() => session.browse(gallery.query, gallery.cursor)}>More</button>`}</div>
  </section>`;
}

/** @param {any} one */
function facts(one) {
  const pictures = one.pictures === 1 ? "1 picture" : `${one.pictures} pictures`;
  return [pictures, dollars(one.cost_usd), one.rating ? `${one.rating} of 5` : "", one.changed_at.slice(0, 10)].filter(Boolean).join(", ");
}
