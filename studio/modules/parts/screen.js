/** What every screen is made of: a heading that takes the focus, chips to choose from, small drawings. */
import { html } from "../vendor/preact.js";

/** One screen under its heading. @param {{title: any, aside?: any, children?: any}} props */
export function Screen({ title, aside, children }) {
  return html`<section aria-labelledby="heading"><div class="row spread"><h1 id="heading" tabindex="-1">${title}</h1>${aside}</div>${children}</section>`;
}

/** Go on reading where another screen is shown: at what went wrong, at what is to be done next, or at its heading. @param {any} session */
export function focusScreen(session) {
  const { focus } = session?.state ?? {};
  if (focus) session.state.focus = "";
  /** @type {any} */ (document.querySelector("main [role=alert]") ?? document.querySelector(focus || "#heading"))?.focus();
}

/** One of several choices; its words break beside its drawing, not below it. @param {{look?: any, hint?: any, children?: any} & Record<string, any>} props */
export function Chip({ look, hint, children, ...input }) {
  return html`<label class="chip"><input type="radio" ...${input} />${look}<span>${children}${hint && html` <small>${hint}</small>`}</span></label>`;
}

/** A button that stays down while it holds. @param {{on: boolean, act: () => void, children?: any}} props */
export function Switch({ on, act, children }) {
  return html`<button aria-pressed=${on} onClick=${act}>${children}</button>`;
}

/** @param {{path: string}} props */
export function Sketch({ path }) {
  return html`<svg class="sketch" viewBox="0 0 24 24" aria-hidden="true"><path d=${path} /></svg>`;
}

/** What an option looks like, by the type's data: colours, a drawing, or nothing. @param {{look?: string}} props */
export function Look({ look }) {
  if (!look) return null;
  if (look[0] !== "#") return html`<${Sketch} path=${look} />`;
  return html`<span class="swatch" aria-hidden="true">${look.split(" ").map((colour) => html`<i style=${{ background: colour }}></i>`)}</span>`;
}
