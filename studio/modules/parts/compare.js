/** Two versions over each other: a slider by pointer and keyboard, and a button for one or the other. */
import { html, useState } from "../vendor/preact.js";
import { t } from "../words.js";
import { PictureBox, roomOf } from "./picture_box.js";
import { Chip, Screen, Switch } from "./screen.js";
import { titleOf } from "./versions.js";

/** @param {{session: any, image: any, title?: string, seam?: string}} props */
export function Compare({ session, image, title, seam }) {
  const { images } = session.state.view;
  const others = images.filter((one) => one !== image);
  const [otherId, setOtherId] = useState(image.parent_image_id);
  const [share, setShare] = useState(50);
  const other = others.find((one) => one.image_id === otherId) ?? others.at(-1);
  const [left, right] = images.indexOf(other) < images.indexOf(image) ? [other, image] : [image, other];
  const numbers = { left: images.indexOf(left) + 1, right: images.indexOf(right) + 1 };
  const box = (one) => html`<${PictureBox} key=${one.image_id} session=${session} image=${one} edge=${1024} alt=${title ? one.prompt : titleOf(one, images.indexOf(one))} />`;
  const show = (words, value) => html`<${Switch} on=${share === value} act=${() => setShare(value)}>${words}<//>`;
  const stop = html`<button onClick=${() => session.set({ panel: "" })}>${t("Stop comparing")}</button>`;
  return html`<${Screen} title=${title ?? t("Version {left} beside version {right}", numbers)} aside=${stop}>
    <div class="compare" style=${roomOf(left)}>${box(left)}<div class="over" style=${{ clipPath: `inset(0 0 0 ${share}%)` }}>${box(right)}</div><i class="seam" style=${{ left: `${share}%` }}></i></div>
    <label style=${roomOf(left)}>${seam ?? t("Version {left} up to here, version {right} behind it", numbers)}
      <input type="range" min="0" max="100" value=${share} aria-valuetext=${`${share} %`} onInput=${(event) => setShare(Number(event.target.value))} /></label>
    <div class="row">${show(t("Only {number}", { number: numbers.left }), 100)}${show(t("Half and half"), 50)}${show(t("Only {number}", { number: numbers.right }), 0)}</div>
    ${others.length > 1 && html`<fieldset><legend>${t("Compare with")}</legend><div class="chips">${others.map((one) => html`<${Chip} name="compare-with" checked=${one === other} onChange=${() => setOtherId(one.image_id)}>
      ${t("Version {number}", { number: images.indexOf(one) + 1 })}<//>`)}</div></fieldset>`}<//>`;
}
