/** The view in a chat: one task at a time, as the record says. */
import { html, render, useEffect, useRef, useState } from "./vendor/preact.js";
import { HostDoor } from "./host_door.js";
import { Session } from "./session.js";
import { dollars, t } from "./words.js";
import { Directions } from "./parts/directions.js";
import { Gallery } from "./parts/gallery.js";
import { Picture } from "./parts/picture.js";
import { Prompt } from "./parts/prompt.js";
import { Questions } from "./parts/questions.js";
import { Screen } from "./parts/screen.js";
import { Failed, Trouble } from "./parts/trouble.js";
import { Drawing, Waiting } from "./parts/waiting.js";

const PARTS = {
  waiting: Waiting, asking: Questions, ready: Prompt, drawing: Drawing, picture: Picture, directions: Directions,
  gallery: Gallery, failed: Failed, begun: Begun, trouble: Nothing,
};

/** The one task that is shown. @param {any} state */
function phaseOf({ view, busy, gallery, trouble, directions }) {
  if (gallery) return "gallery";
  if (busy === "drawing" || view?.status === "working") return "drawing";
  if (!view) return trouble ? "trouble" : "waiting";
  if (view.status === "done") return directions ? "directions" : "picture";
  return view.status === "failed" || view.dialogue ? view.status : "begun";
}

/** @param {{session: any}} props */
function Begun({ session }) {
  return html`<${Screen} title=${t("Begun")}><blockquote class="words">${session.state.view.idea}</blockquote>
    <p class="soft">${t("Nothing was asked or drawn yet. Go on in the chat.")}</p><//>`;
}

function Nothing() {
  return html`<h1 id="heading" class="hidden" tabindex="-1">${t("The picture")}</h1>`;
}

/** @param {{session: any, phase: string}} props */
function Footer({ session, phase }) {
  const { door, state: { view, busy, trouble } } = session;
  const spent = { here: dollars(view?.spent_conversation_usd), today: dollars(view?.spent_today_usd), budget: dollars(view?.daily_budget_usd) };
  return html`<footer>
    ${view?.origin === "sandbox" && html`<span class="badge">SANDBOX</span>`}
    ${view && html`<span>${spent.budget ? t("{here} here, {today} of {budget} today", spent) : t("{here} here, {today} today", spent)}</span>`}
    ${phase !== "gallery" && phase !== "drawing" && (view || trouble) && html`<button class="plain" disabled=${Boolean(busy)} onClick=${() => session.browse("")}>${t("Earlier pictures")}</button>`}
    ${phase === "gallery" && view && html`<button class="plain" onClick=${() => session.set({ gallery: null })}>${t("Back")}</button>`}
    ${door.canGrow && html`<button class="plain" onClick=${() => door.show(door.isLarge ? "inline" : "fullscreen")}>${door.isLarge ? t("Smaller") : t("Larger")}</button>`}
  </footer>`;
}

/** @param {{session: Session}} props */
function View({ session }) {
  const [, redraw] = useState(0);
  session.changed = () => redraw((count) => count + 1);
  const { state } = session;
  const phase = phaseOf(state);
  const { view, imageId, panel, trouble } = state;
  const place = [phase, view?.conversation_id, imageId, panel, view?.dialogue?.questions[0]?.id, view?.dialogue?.refined_prompt, trouble?.text].join();
  const before = useRef(place);
  useEffect(() => {
    // A frame that takes the focus unasked would take it from whoever types in the chat.
    if (before.current !== place && session.touched) document.querySelector("[role=alert], #heading")?.focus();
    before.current = place;
  }, [place]);
  return html`<main aria-busy=${state.busy ? "true" : "false"} onClick=${() => { session.touched = true; }}>
    <p class="hidden" role="status">${state.message}</p>
    ${trouble && html`<${Trouble} session=${session} />`}
    <fieldset role="none" disabled=${Boolean(state.busy)}>
      <${PARTS[phase]} key=${phase === "asking" ? `${view.conversation_id} ${view.dialogue.questions[0]?.id}` : phase} session=${session} /></fieldset>
    ${state.busy === "asking" && html`<p class="soft pulse">${t("Your words are being read. That takes a few seconds.")}</p>`}
    <${Footer} session=${session} phase=${phase} />
  </main>`;
}

function start() {
  const session = new Session(() => {});
  session.door = new HostDoor(session);
  const dark = matchMedia("(prefers-color-scheme: dark)");
  document.documentElement.dataset.theme = dark.matches ? "dark" : "light";
  render(html`<${View} session=${session} />`, /** @type {HTMLElement} */ (document.getElementById("root")));
  session.door.open().catch((error) => session.fault(error));
}

start();
