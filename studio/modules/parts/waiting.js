/** Until the first answer: the idea, the seconds, and what is known of a drawing. */
import { html, useEffect, useState } from "../vendor/preact.js";
import { Shown } from "./picture_box.js";
import { dollars } from "../prices.js";

/** @param {{state: any}} props */
export function Waiting({ state }) {
  return html`<section aria-labelledby="heading">
    <h1 id="heading" tabindex="-1">One moment</h1>
    ${state.idea && html`<blockquote class="words">${state.idea}</blockquote>`}
    ${state.progress?.status === "working"
      ? html`<${Progress} state=${state} />`
      : html`<div class="skeleton pulse" aria-hidden="true"><span></span><span></span><span></span></div><${Seconds} />`}
  </section>`;
}

/** @param {{state: any}} props */
export function Drawing({ state }) {
  const words = state.view?.dialogue?.refined_prompt || state.idea;
  return html`<section aria-labelledby="heading">
    <h1 id="heading" tabindex="-1">Drawing</h1>
    <${Progress} state=${state} />
    ${words && html`<details><summary>What is being drawn</summary><p class="prompt">${words}</p></details>`}
    <p class="soft">You may go on chatting; the picture is kept. Once OpenAI has the request, it is paid for and cannot be cancelled.</p>
  </section>`;
}

/** Stage, seconds, price and the newest unfinished pictures. @param {{state: any}} props */
function Progress({ state }) {
  const progress = state.progress ?? {};
  const percent = progress.percent ?? 2;
  return html`
    ${state.partials.length > 0 && html`<ul class=${state.partials.length > 1 ? "grid" : ""}>
      ${state.partials.map((address) => html`<li class="unfinished"><${Shown} address=${address} alt="An unfinished version" /></li>`)}</ul>`}
    <div class="bar" role="progressbar" aria-label="How far the drawing is" aria-valuemin="0" aria-valuemax="100" aria-valuenow=${Math.round(percent)}><span style=${{ width: `${percent}%` }}></span></div>
    <p class="row spread"><span>${sentence(progress)}</span><${Seconds} from=${progress.elapsed_seconds ?? 0} /></p>
    ${progress.note && html`<p class="soft words">${progress.note}</p>`}`;
}

/** @param {any} progress */
function sentence({ stage, pictures, estimated_cost_usd }) {
  const what = stage ? stage[0].toUpperCase() + stage.slice(1) : "Getting ready";
  const count = pictures > 1 ? `, ${pictures} pictures` : "";
  return `${what}${count}${estimated_cost_usd ? `, about ${dollars(estimated_cost_usd)}` : ""}`;
}

/** Seconds that run on between two looks. @param {{from?: number}} props */
export function Seconds({ from = 0 }) {
  const [seconds, setSeconds] = useState(Math.round(from));
  useEffect(() => {
    setSeconds((known) => Math.max(known, Math.round(from)));
    const clock = setInterval(() => setSeconds((known) => known + 1), 1000);
    return () => clearInterval(clock);
  }, [from]);
  return html`<span class="soft" aria-hidden="true">${seconds} s</span>`;
}
