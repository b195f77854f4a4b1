/** All pictures of a conversation in order, the oldest first; choosing one starts from it. */
import { html } from "../vendor/preact.js";
import { PictureBox } from "./picture_box.js";

/** @param {{session: any, state: any, title?: string}} props */
export function Versions({ session, state, title = "Versions" }) {
  const { images } = state.view;
  return html`<div><h2>${title}</h2><ol class="strip" style=${{ marginTop: ".375rem" }}>${images.map((one, place) => html`<li key=${one.image_id}>
    <button class="thumb" type="button" disabled=${Boolean(state.busy)} aria-current=${one.image_id === state.imageId ? "true" : null}
      onClick=${() => session.choose(one)}><${PictureBox} session=${session} image=${one} edge=${240} alt=${nameOf(one, place)} />
      <span>${place + 1}${one.rating ? `, ${one.rating} of 5` : ""}</span></button></li>`)}</ol></div>`;
}

/** What tells a version from the others. @param {any} image @param {number} place */
export function nameOf(image, place) {
  return `Version ${place + 1}: ${(image.changed || image.prompt).slice(0, 100)}`;
}
