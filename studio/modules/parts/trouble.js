/** What went wrong, whether it cost anything, and the next step. */
import { html } from "../vendor/preact.js";
import { about, priceOf } from "../prices.js";
import { settingsOf } from "./settings.js";

const SHAPES = {
  refusal: "M12 3a9 9 0 1 0 .01 0M6 6l12 12",
  nothing: "M4 5h16v14H4zM8 15l3-4 2 2 2-3 3 5",
  fault: "M12 3 2.5 20h19zM12 10v4M12 17v.01",
  stopped: "M12 3a9 9 0 1 0 .01 0M9 9h6v6H9z",
};
const TITLES = {
  refusal: "This was refused", nothing: "No picture came", fault: "This did not work", stopped: "This was stopped",
  budget: "The day's budget is spent",
};
const CHARGES = { no: "Nothing was charged.", yes: "The call was charged.", unknown: "It is unknown whether this was charged." };

/** @param {{session: any, state: any}} props */
export function Trouble({ session, state }) {
  const { trouble, view } = state;
  const sort = { moderation: "refusal", nothing: "nothing", stopped: "stopped" }[trouble.kind] ?? "fault";
  const money = CHARGES[trouble.charged];
  return html`<div class=${`trouble panel ${sort}`} role="alert">
    <svg viewBox="0 0 24 24" aria-hidden="true" fill="none" stroke="currentColor" stroke-width="1.75" stroke-linejoin="round" stroke-linecap="round"><path d=${SHAPES[sort]} /></svg>
    <h2>${TITLES[trouble.kind] ?? TITLES[sort]}</h2>
    <p class="words">${trouble.text}</p>
    ${money && !trouble.text.includes(money) && html`<p class="soft">${money}</p>`}
    <div class="row">
      ${trouble.again && html`<button onClick=${trouble.again}>Look again, free</button>`}
      ${!trouble.again && view && html`<button onClick=${() => session.set({ trouble: null })}>Close</button>`}
    </div></div>`;
}

/** A drawing that brought nothing: drawn anew only where the person presses it. @param {{session: any, state: any}} props */
export function Failed({ session, state }) {
  const { view } = state;
  const price = view.dialogue?.suggested ? priceOf(view, settingsOf(state)) : (view.progress?.estimated_cost_usd ?? null);
  return html`<section aria-labelledby="heading">
    <h1 id="heading" tabindex="-1">No picture came</h1>
    <div class="trouble panel nothing"><svg viewBox="0 0 24 24" aria-hidden="true" fill="none" stroke="currentColor" stroke-width="1.75" stroke-linejoin="round"><path d=${SHAPES.nothing} /></svg>
      <p class="words">${view.failure || "The drawing ended without a picture."}</p></div>
    <div class="row"><button class="act" disabled=${Boolean(state.busy)} onClick=${() => session.redraw()}>Draw it anew${about(price)}</button>
      ${view.images.length > 0 && html`<button onClick=${() => session.choose(view.images.at(-1))}>Go back to the last picture</button>`}</div>
  </section>`;
}
