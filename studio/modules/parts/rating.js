/** How a person likes a picture: one to five, and in words if they wish. */
import { html, useState } from "../vendor/preact.js";
import { Form } from "./form.js";

/** @param {{session: any, image: any}} props */
export function Rating({ session, image }) {
  const [words, setWords] = useState({ liked: image.liked, disliked: image.disliked });
  const send = () => session.rate(image, { rating: image.rating, ...words });
  const field = (name, label) => html`<div><label for=${`rating-${name}`}>${label}</label>
    <input type="text" id=${`rating-${name}`} maxlength="1000" value=${words[name]} onInput=${(event) => setWords({ ...words, [name]: event.target.value })} /></div>`;
  return html`<${Form} send=${send}>
    <fieldset><legend>How do you like it?</legend><div class="stars" style=${{ marginTop: ".375rem" }}>${[1, 2, 3, 4, 5].map((stars) => html`<label class="chip">
      <input type="radio" name=${`rating-${image.image_id}`} checked=${image.rating === stars} onChange=${() => session.rate(image, { rating: stars, ...words })} />${stars}<span class="hidden"> of 5</span></label>`)}</div></fieldset>
    ${image.rating && html`<details open=${Boolean(image.liked || image.disliked)}><summary>What worked, what did not</summary>
      <div class="tools">${field("liked", "What worked")}${field("disliked", "What did not")}<div class="row"><button type="button" data-send>Keep</button></div></div></details>`}
  <//>`;
}
