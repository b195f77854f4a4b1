/** What went wrong, whether it cost anything, and the next step. */
import { html } from "../vendor/preact.js";
import { currentOf } from "../session.js";
import { about, t } from "../words.js";
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
  const { kind, text, charged, again } = trouble;
  const titles = { moderation: t("This was refused"), stopped: t("This was stopped"), budget: t("The day's budget is spent") };
  // The server's own words say of most troubles what they cost.
  const charges = { no: t("Nothing was charged."), yes: t("The call was charged."), unknown: t("It is unknown whether this was charged.") };
  const money = charges[charged];
  return html`<${Notice} kind=${kind} role="alert"><h2>${titles[kind] ?? t("This did not work")}</h2>
    <p class="words">${text}</p>
    ${money && !text.includes(money) && html`<p class="soft">${money}</p>`}
    ${again && html`<div><button onClick=${again}>${t("Look again, free")}</button></div>`}
    ${!again && view && html`<div><button onClick=${() => session.set({ trouble: null })}>${t("Close")}</button></div>`}<//>`;
}

/** A drawing that brought nothing: drawn anew only where the person presses it. @param {{session: any}} props */
export function Failed({ session }) {
  const { state } = session;
  const { view, trouble } = state;
  return html`<${Screen} title=${t("No picture came")}>
    ${!trouble && html`<${Notice} kind="nothing"><p class="words">${view.failure || t("The drawing ended without a picture.")}</p><//>`}
    <div class="row"><button class="act" onClick=${() => session.draw({ redraw: true })}>${t("Draw it anew")}${about(view.progress?.estimated_cost_usd)}</button>
      ${view.images.length > 0 && html`<button onClick=${() => session.choose(currentOf(view))}>${t("Go back to the last picture")}</button>`}</div>
    ${view.dialogue && html`<div><h2>${t("Or change the prompt in your own words")}</h2><${Reword} session=${session} /></div>`}<//>`;
}

/** Words beside the sign of their kind. @param {any} props */
function Notice({ kind, role, children }) {
  const sort = kind in SHAPES ? kind : "fault";
  return html`<div class=${`trouble panel ${sort}`} role=${role} tabindex="-1"><${Sketch} path=${SHAPES[sort]} />${children}</div>`;
}
