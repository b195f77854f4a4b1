/** Several pictures of one call, to choose a direction from. */
import { html } from "../vendor/preact.js";
import { about, priceOfChange } from "../prices.js";
import { PictureBox } from "./picture_box.js";

/** @param {{session: any, state: any}} props */
export function Directions({ session, state }) {
  const { view } = state;
  const images = view.images.filter((one) => view.newest.includes(one.image_id));
  const price = priceOfChange(view, images[0]);
  const isBusy = Boolean(state.busy);
  return html`<section aria-labelledby="heading">
    <h1 id="heading" tabindex="-1">${images.length} directions</h1>
    <ol class="grid pairs">${images.map((one, place) => html`<li key=${one.image_id}>
      <${PictureBox} session=${session} image=${one} edge=${512} alt=${`Direction ${place + 1}: ${one.variation ?? one.prompt}`} />
      <p class="words">${place + 1}. ${one.variation ?? one.prompt.slice(0, 80)}</p>
      <div class="row"><button class="act" disabled=${isBusy} onClick=${() => session.choose(one)}>Go on with ${place + 1}</button>
        <button disabled=${isBusy} onClick=${() => session.vary(one)}>Four more from ${place + 1}${about(price && price * 4)}</button></div>
    </li>`)}</ol>
  </section>`;
}
