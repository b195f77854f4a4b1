/** Several pictures of one call, to choose a direction from. */
import { html } from "../vendor/preact.js";
import { priceOfChange } from "../prices.js";
import { about, t } from "../words.js";
import { PictureBox } from "./picture_box.js";
import { Screen } from "./screen.js";

/** @param {{session: any}} props */
export function Directions({ session }) {
  const { view } = session.state;
  const images = view.images.filter((one) => view.newest.includes(one.image_id));
  const parent = view.images.find((one) => one.image_id === images[0].parent_image_id);
  const back = () => (parent ? session.choose(parent) : session.set({ directions: false }));
  return html`<${Screen} title=${t("{count} directions", { count: images.length })}>
    <ol class="grid pairs">${images.map((one, place) => html`<li key=${one.image_id}>
      <${PictureBox} session=${session} image=${one} edge=${512} alt=${one.variation ?? one.prompt} />
      <p class="words">${place + 1}. ${one.variation ?? one.prompt.slice(0, 80)}</p>
      <div class="row"><button onClick=${() => session.choose(one)}>${t("Go on with {number}", { number: place + 1 })}</button>
        <button class="plain" onClick=${() => session.draw({ from_image: one.image_id, variations: 4 })}>${t("Four more")}${about(priceOfChange(one, one.next_quality, 4))}</button></div>
    </li>`)}</ol><div><button onClick=${back}>${t("Back")}</button></div><//>`;
}
