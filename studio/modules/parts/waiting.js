/** Until the first answer: the idea, the seconds, and what is known of a drawing. */
import { html, useEffect, useState } from "../vendor/preact.js";
import { about, t } from "../words.js";
import { Shown } from "./picture_box.js";
import { Screen } from "./screen.js";

/** @param {{session: any}} props */
export function Waiting({ session }) {
  const { idea } = session.state;
  return html`<${Screen} title=${t("One moment")} aside=${html`<${Seconds} />`}>
    ${idea && html`<blockquote class="words">${idea}</blockquote>`}
    <div class="skeleton pulse" aria-hidden="true"><span></span><span></span><span></span></div><//>`;
}

/** Stage, seconds, price and the newest unfinished pictures. @param {{session: any}} props */
export function Drawing({ session }) {
  const { progress, partials, view, idea } = session.state;
  const { percent = 2, elapsed_seconds = 0, estimated_cost_usd, pictures, note, stage } = progress ?? {};
  const sentence = [stage ? t(stage) : t("getting ready"), pictures > 1 && t("Pictures: {pictures}", { pictures })].filter(Boolean).join(", ");
  const words = view?.dialogue?.refined_prompt || idea;
  return html`<${Screen} title=${t("Drawing")} aside=${html`<${Seconds} from=${elapsed_seconds} />`}>
    ${partials.length > 0 && html`<ul class=${partials.length > 1 ? "grid pairs" : "frame"}>
      ${partials.map((address) => html`<li class="unfinished"><${Shown} address=${address} alt=${t("An unfinished version")} /></li>`)}</ul>`}
    <div class="bar" role="progressbar" aria-label=${t("Drawing")} aria-valuenow=${Math.round(percent)} aria-valuetext=${sentence}><i style=${{ width: `${percent}%` }}></i></div>
    <p class="sentence">${sentence}${estimated_cost_usd && about(estimated_cost_usd)}</p>
    ${note && html`<details><summary>${t("Details")}</summary><p class="soft words" lang="en">${note}</p></details>`}
    ${words && html`<details><summary>${t("What is being drawn")}</summary><p class="prompt">${words}</p></details>`}
    <p class="soft">${t("You may go on with something else; the picture is kept. Once OpenAI has the request, it is paid for and cannot be cancelled.")}</p><//>`;
}

/** Seconds that run on between two looks. @param {{from?: number}} props */
function Seconds({ from = 0 }) {
  const [seconds, setSeconds] = useState(Math.round(from));
  useEffect(() => {
    setSeconds((known) => Math.max(known, Math.round(from)));
    const clock = setInterval(() => setSeconds((known) => known + 1), 1000);
    return () => clearInterval(clock);
  }, [from]);
  return html`<span class="soft" aria-hidden="true">${seconds} s</span>`;
}
