/** The view in a chat: one task at a time, as the record says. */
import { html, render, useEffect, useRef, useState } from "./vendor/preact.js";
import { HostDoor } from "./host_door.js";
import { dollars } from "./prices.js";
import { Session } from "./session.js";
import { Directions } from "./parts/directions.js";
import { Gallery } from "./parts/gallery.js";
import { Picture } from "./parts/picture.js";
import { Prompt } from "./parts/prompt.js";
import { Questions } from "./parts/questions.js";
import { Failed, Trouble } from "./parts/trouble.js";
import { Drawing, Waiting } from "./parts/waiting.js";

/** The one task that is shown. @param {any} state */
function phaseOf(state) {
  const { view, busy, gallery } = state;
  if (gallery) return "gallery";
  if (busy === "drawing" || view?.status === "working") return "drawing";
  if (!view) return state.trouble ? "trouble" : "waiting";
  if (view.status === "done") return state.directions ? "directions" : "picture";
  if (view.status === "failed") return "failed";
  if (view.status === "begun" || !view.dialogue) return "begun";
  return view.status;
}

const PARTS = {
  waiting: Waiting, asking: Questions, ready: Prompt, drawing: Drawing, picture: Picture, directions: Directions,
  gallery: Gallery, failed: Failed, begun: Begun, trouble: Heading,
};

/** @param {{state: any}} props */
function Begun({ state }) {
  return html`<section aria-labelledby="heading"><h1 id="heading" tabindex="-1">Begun</h1>
    <blockquote class="words">${state.view.idea}</blockquote>
    <p class="soft">Nothing was asked or drawn yet. Go on in the chat, or look again.</p></section>`;
}

function Heading() {
  return html`<h1 id="heading" class="hidden" tabindex="-1">Image consultation</h1>`;
}

/** @param {{session: any, state: any, phase: string}} props */
function Footer({ session, state, phase }) {
  const { view } = state;
  const { door } = session;
  const budget = view?.daily_budget_usd ? ` of ${dollars(view.daily_budget_usd)}` : "";
  const browse = () => {
    session.touched = true;
    session.browse("");
  };
  return html`<footer>
    ${view?.origin === "sandbox" && html`<span class="badge">SANDBOX</span>`}
    ${view && html`<span>${dollars(view.spent_conversation_usd)} here, ${dollars(view.spent_today_usd)}${budget} today</span>`}
    ${phase !== "gallery" && phase !== "drawing" && (view || state.trouble) && html`<button class="plain" onClick=${browse}>Earlier pictures</button>`}
    ${phase === "gallery" && view && html`<button class="plain" onClick=${() => session.set({ gallery: null })}>Back</button>`}
    ${door?.canGrow && html`<button class="plain" onClick=${() => door.show(door.isLarge ? "inline" : "fullscreen")}>${door.isLarge ? "Smaller" : "Larger"}</button>`}
  </footer>`;
}

/** @param {{session: Session}} props */
function View({ session }) {
  const [, redraw] = useState(0);
  session.changed = () => redraw((count) => count + 1);
  const { state } = session;
  const phase = phaseOf(state);
  const place = `${phase} ${state.view?.conversation_id} ${state.imageId} ${state.view?.dialogue?.questions[0]?.id}`;
  const before = useRef(place);
  useEffect(() => {
    // A frame that takes the focus unasked would take it from whoever types in the chat.
    if (before.current !== place && session.touched) document.getElementById("heading")?.focus();
    before.current = place;
  }, [place]);
  const Part = PARTS[phase];
  return html`<main aria-busy=${state.busy ? "true" : "false"}>
    <p class="hidden" role="status">${state.message}</p>
    ${state.trouble && html`<${Trouble} session=${session} state=${state} />`}
    <${Part} key=${phase === "asking" ? place : phase} session=${session} state=${state} />
    <${Footer} session=${session} state=${state} phase=${phase} />
  </main>`;
}

function start() {
  const session = new Session(() => {});
  session.door = new HostDoor({
    input: (args) => session.heardInput(args),
    result: (result) => session.heardResult(result),
    cancelled: (reason) => session.heardCancel(reason),
    context: (context) => session.set({ context }),
  });
  const dark = matchMedia("(prefers-color-scheme: dark)");
  document.documentElement.dataset.theme = dark.matches ? "dark" : "light";
  render(html`<${View} session=${session} />`, /** @type {HTMLElement} */ (document.getElementById("root")));
  session.door.open().catch((error) => session.set({ trouble: { kind: "fault", text: `The app that shows this does not answer: ${error.message}` } }));
}

start();
