/** What went wrong in words for people, whether it cost anything, and the next step. */
import { html } from "../vendor/preact.js";
import { currentOf } from "../session.js";
import { about, t, troubleWords } from "../words.js";
import { Reword } from "./prompt.js";
import { Screen, Sketch } from "./screen.js";

const SHAPES = {
  moderation: "M12 3a9 9 0 1 0 .01 0M6 6l12 12",
  nothing: "M4 5h16v14H4zM8 15l3-4 2 2 2-3 3 5",
  fault: "M12 3 2.5 20h19zM12 10v4M12 17v.01",
  stopped: "M12 3a9 9 0 1 0 .01 0M9 9h6v6H9z",
};

/** @param {{session: any}} props */
export function Trouble({ session }) {
  const { trouble, view } = session.state;
  // Behind a drawing that failed there is nothing that closing could bring back.
  const canClose = !trouble.again && view && view.status !== "failed";
  return html`<${Notice} trouble=${trouble} view=${view} role="alert">
    ${trouble.again && html`<div><button onClick=${trouble.again}>${t("Look again, free")}</button></div>`}
    ${canClose && html`<div><button onClick=${() => session.set({ trouble: null })}>${t("Close")}</button></div>`}<//>`;
}

/** A drawing that brought nothing: drawn anew only where the person presses it. @param {{session: any}} props */
export function Failed({ session }) {
  const { view, trouble } = session.state;
  return html`<${Screen} title=${t("No picture came")}>
    ${trouble ? html`<${Trouble} session=${session} />` : html`<${Notice} trouble=${view.failure ?? {}} view=${view} />`}
    <div class="row"><button class="act" onClick=${() => session.draw({ redraw: true })}>${t("Draw it anew")}${about(view.progress?.estimated_cost_usd)}</button>
      ${view.images.length > 0 && html`<button onClick=${() => session.choose(currentOf(view))}>${t("Go back to the last picture")}</button>`}</div>
    ${view.dialogue && html`<div><h2>${t("Or change the prompt in your own words")}</h2><${Reword} session=${session} /></div>`}<//>`;
}

/** Words for people beside the sign of their kind; those of the server are for who wants them. @param {any} props */
function Notice({ trouble, view, role, children }) {
  const { kind, charged, text } = trouble;
  // A drawing that OpenAI took and answered without a picture is no fault.
  const isEmpty = view?.status === "failed" && (!kind || kind === "input");
  const sort = isEmpty ? "nothing" : kind in SHAPES ? kind : "fault";
  const [title, words] = troubleWords(trouble);
  const money = { no: t("Nothing was charged."), yes: t("The call was charged."), unknown: t("It is unknown whether this was charged.") }[charged];
  return html`<div class=${`trouble panel ${sort}`} role=${role} tabindex="-1"><${Sketch} path=${SHAPES[sort]} /><div><h2>${title}</h2>
    <p>${words}</p>${money && html`<p class="soft">${money}</p>`}
    ${text && html`<details><summary>${t("Details")}</summary><p class="soft words" lang=${kind === "unread" ? null : "en"}>${text}</p></details>`}${children}</div></div>`;
}
