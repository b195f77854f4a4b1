/** All pictures of a conversation in order, the oldest first; choosing one starts from it. */
import { html } from "../vendor/preact.js";
import { label, t } from "../words.js";
import { PictureBox } from "./picture_box.js";

/** @param {{session: any, title: string, aside?: any}} props */
export function Versions({ session, title, aside }) {
  const { state } = session;
  return html`<div><div class="row spread"><h2>${title}</h2>${aside}</div><ol class="strip">${state.view.images.map((one, place) => html`<li key=${one.image_id}>
    <button class="thumb" aria-current=${one.image_id === state.imageId} onClick=${() => session.choose(one)}>
      <${PictureBox} session=${session} image=${one} edge=${240} alt=${titleOf(one, place)} />
      <span>${place + 1}${one.rating ? ` · ${one.rating}/5` : ""}</span></button></li>`)}</ol></div>`;
}

/** What tells a version from the others. @param {any} image @param {number} place */
export function titleOf(image, place) {
  return `${label(t("Version {number}", { number: place + 1 }))} ${(image.variation || image.changed || image.prompt).slice(0, 100)}`;
}
