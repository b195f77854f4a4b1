/** The view in a chat: one task at a time, as the record says. */
import { html, render, useEffect, useLayoutEffect, useRef, useState } from "./vendor/preact.js";
import { HostDoor } from "./host_door.js";
import { Session } from "./session.js";
import { dollars, t } from "./words.js";
import { focusScreen } from "./parts/screen.js";
import { Task, phaseOf, placeOf } from "./parts/task.js";

/** @param {{session: any, phase: string}} props */
function Footer({ session, phase }) {
  const { door, state: { view, busy, trouble } } = session;
  const spent = { here: dollars(view?.spent_conversation_usd), today: dollars(view?.spent_today_usd), budget: dollars(view?.daily_budget_usd) };
  return html`<footer>
    ${view?.origin === "sandbox" && html`<span class="badge">SANDBOX</span>`}
    ${view && html`<span>${spent.budget ? t("{here} here, {today} of {budget} today", spent) : t("{here} here, {today} today", spent)}</span>`}
    ${phase !== "gallery" && phase !== "drawing" && (view || trouble) && html`<button class="plain" disabled=${Boolean(busy)} onClick=${() => session.browse("")}>${t("Earlier pictures")}</button>`}
    ${phase === "gallery" && view && html`<button class="plain" onClick=${() => session.leaveGallery()}>${t("Back")}</button>`}
    ${door.canGrow && html`<button class="plain" onClick=${() => door.show(door.isLarge ? "inline" : "fullscreen")}>${door.isLarge ? t("Smaller") : t("Larger")}</button>`}
  </footer>`;
}

/** @param {{session: Session}} props */
function View({ session }) {
  const [, redraw] = useState(0);
  session.changed = () => redraw((count) => count + 1);
  const { state } = session;
  const phase = phaseOf(state);
  const place = placeOf(state);
  const last = useRef(null);
  const before = useRef(place);
  // Before anything else is pressed: later it would take the focus from where somebody went on.
  useLayoutEffect(() => {
    // A frame that takes the focus unasked would take it from whoever types in the chat.
    if (before.current !== place && session.touched) focusScreen(session);
    before.current = place;
  }, [place]);
  useEffect(() => {
    // What was pressed is gone, or could not be used for a while: who reads by keys goes on from there.
    if (!last.current || state.busy || document.activeElement !== document.body) return;
    (last.current.matches("main :enabled") ? last.current : document.getElementById("heading"))?.focus();
  });
  const events = {
    onClick: () => { session.touched = true; },
    onPointerDown: () => { last.current = null; },
    onFocusIn: (event) => { last.current = event.target; },
  };
  return html`<main aria-busy=${Boolean(state.busy)} ...${events}>
    <p class="hidden" role="status">${state.message}</p>
    <${Task} session=${session} />
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
