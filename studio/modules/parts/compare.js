/** Two versions over each other: a slider by pointer and keyboard, and a button for one or the other. */
import { html, useState } from "../vendor/preact.js";
import { PictureBox } from "./picture_box.js";
import { nameOf } from "./versions.js";

/** @param {{session: any, state: any, image: any}} props */
export function Compare({ session, state, image }) {
  const { images } = state.view;
  const others = images.filter((one) => one.image_id !== image.image_id);
  const [otherId, setOtherId] = useState(image.parent_image_id ?? others.at(-1)?.image_id);
  const [share, setShare] = useState(50);
  const other = images.find((one) => one.image_id === otherId) ?? others[0];
  const number = (one) => images.indexOf(one) + 1;
  return html`<section aria-labelledby="compare-heading">
    <h2 id="compare-heading">Version ${number(other)} beside version ${number(image)}</h2>
    <div class="compare">
      <${PictureBox} session=${session} image=${other} edge=${1024} alt=${nameOf(other, number(other) - 1)} />
      <div class="over" style=${{ clipPath: `inset(0 0 0 ${share}%)` }}><${PictureBox} session=${session} image=${image} edge=${1024} alt=${nameOf(image, number(image) - 1)} /></div>
    </div>
    <label>Version ${number(other)} up to here, version ${number(image)} behind it
      <input type="range" min="0" max="100" value=${share} aria-valuetext=${`${share} % version ${number(other)}`} onInput=${(event) => setShare(Number(event.target.value))} /></label>
    <div class="row">
      <button type="button" aria-pressed=${share === 100 ? "true" : "false"} onClick=${() => setShare(100)}>Only ${number(other)}</button>
      <button type="button" aria-pressed=${share === 0 ? "true" : "false"} onClick=${() => setShare(0)}>Only ${number(image)}</button>
      <button type="button" aria-pressed=${share === 50 ? "true" : "false"} onClick=${() => setShare(50)}>Half and half</button>
      <button type="button" class="act" onClick=${() => session.set({ panel: "" })}>Stop comparing</button>
    </div>
    ${others.length > 1 && html`<fieldset><legend class="soft">Compare with</legend><div class="chips">${others.map((one) => html`<label class="chip">
      <input type="radio" name="compare-with" checked=${one === other} onChange=${() => setOtherId(one.image_id)} />Version ${number(one)}</label>`)}</div></fieldset>`}
  </section>`;
}
