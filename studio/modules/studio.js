/** The studio: the same conversations on a page of their own, on a desk or on a phone. */
import { html, render, useLayoutEffect, useRef, useState } from "./vendor/preact.js";
import { HttpDoor } from "./http_door.js";
import { dollars, label, t } from "./words.js";
import { Screen, Sketch, focusScreen } from "./parts/screen.js";
import { Task, placeOf } from "./parts/task.js";
import { Trouble } from "./parts/trouble.js";
import { About } from "./studio/about.js";
import { Conversation } from "./studio/conversation.js";
import { Create } from "./studio/create.js";
import { Desk } from "./studio/desk.js";
import { Pictures } from "./studio/gallery.js";
import { Library, Template } from "./studio/library.js";
import { Making } from "./studio/making.js";
import { Pair } from "./studio/pair.js";
import { Style } from "./studio/styles.js";
import { Tree } from "./studio/tree.js";

const ICONS = {
  create: "M12 4v16M4 12h16",
  gallery: "M4 4h7v7H4zM13 4h7v7h-7zM4 13h7v7H4zM13 13h7v7h-7z",
  library: "M5 4h4v16H5zM9 4h4v16H9zM14 5l4-1 3 15-4 1z",
  about: "M12 3a9 9 0 1 0 .01 0M12 11v6M12 7v.01",
};

/** Which entry of the rail a place belongs to. */
const ENTRY = { conversation: "create", image: "gallery", tree: "gallery", pair: "gallery", making: "gallery", template: "library", style: "library" };

/** @param {{desk: any}} props */
function Rail({ desk }) {
  const { place, pulse } = desk.state;
  const names = { create: t("Create"), gallery: t("Gallery"), library: t("Library"), about: t("About") };
  const spent = { today: dollars(pulse?.spent_today_usd), budget: dollars(pulse?.daily_budget_usd) };
  return html`<header class="rail"><p class="brand">Image consultant</p>
    <nav aria-label=${t("Studio")}><ul>${Object.entries(names).map(([name, words]) => html`<li><a href=${`#${name}`} aria-current=${place.name === name ? "page" : (ENTRY[place.name] === name ? "true" : null)}>
      <${Sketch} path=${ICONS[name]} />${words}</a></li>`)}</ul></nav>
    ${pulse && html`<p class="soft purse">${pulse.origin === "sandbox" && html`<span class="badge">SANDBOX</span> ${label(t("play money"))} `}${spent.budget ? t("{today} of {budget} today", spent) : t("{today} today", spent)}</p>`}</header>`;
}

/** Drawings under way and what waits to be looked at. @param {{desk: any}} props */
function Tray({ desk }) {
  const { pulse, finished, place } = desk.state;
  const here = desk.shown?.state.view?.conversation_id;
  const drawings = (pulse?.drawings ?? []).filter((one) => one.conversation_id !== here);
  const isRead = desk.fresh.state.busy && place.name !== "create";
  if (!drawings.length && !finished.length && !isRead) return null;
  return html`<section class="tray" aria-label=${t("Under way")}><ul>
    ${isRead && html`<li><a href="#create"><span class="words">${desk.fresh.state.idea.slice(0, 60)}</span><span class="soft">${t("is being read")}</span></a></li>`}
    ${drawings.map((one) => html`<li key=${one.conversation_id}><a href=${`#c=${one.conversation_id}`}><span class="words">${one.title || t("Untitled")}</span>
      <span class="soft">${t(one.stage)} · ${Math.round(one.elapsed_seconds)} s</span>
      <span class="bar" aria-hidden="true"><i style=${{ width: `${one.percent}%` }}></i></span></a></li>`)}
    ${finished.map((one) => html`<li key=${one.id}><a href=${`#c=${one.id}`}><span class="words">${one.title || t("Untitled")}</span><span class="soft">${one.failed ? t("No picture came") : t("ready to look at")}</span></a></li>`)}</ul></section>`;
}

/** What keeps the page from working, and what to do. @param {{desk: any}} props */
function Notices({ desk }) {
  const { trouble, pulse } = desk.state;
  return html`${trouble === "gone" && html`<p class="notice" role="alert">${t("The server does not answer. What was being drawn is on record, and comes when the server is back; this page goes on by itself then.")}</p>`}
    ${trouble === "locked" && html`<p class="notice" role="alert">${t("This browser is not let in. Run {command} in a terminal: it prints an address that lets one browser in.", { command: document.documentElement.dataset.command })}</p>`}
    ${trouble && !["gone", "locked"].includes(trouble) && html`<p class="notice words" role="alert">${trouble}</p>`}
    ${pulse?.key && html`<p class="notice words">${t("There is no OpenAI key, so nothing can be asked or drawn. {way} Then start the studio anew.", { way: pulse.key })}</p>`}`;
}

/** @param {{desk: any}} props */
function Place({ desk }) {
  const { place, lost } = desk.state;
  const { shown } = desk;
  if (place.name === "gallery") return html`<${Pictures} desk=${desk} />`;
  if (place.name === "library") return html`<${Library} desk=${desk} />`;
  if (place.name === "template") return html`<${Template} key=${place.id} desk=${desk} name=${place.id} />`;
  if (place.name === "style") return html`<${Style} key=${place.id} desk=${desk} name=${place.id} />`;
  if (place.name === "making") return html`<${Making} key=${place.id} desk=${desk} ids=${place.id.split(",")} />`;
  if (place.name === "about") return html`<${About} desk=${desk} />`;
  if (place.name === "pair") return html`<${Pair} desk=${desk} ids=${place.id.split(",")} />`;
  if (place.name === "create") return desk.fresh.state.busy ? html`<${Task} session=${desk.fresh} />` : html`${desk.fresh.state.trouble && html`<${Trouble} session=${desk.fresh} />`}<${Create} desk=${desk} />`;
  if (!shown?.state.view) {
    const { trouble } = shown?.state ?? {};
    if (trouble && trouble.kind !== "input") return html`<${Trouble} session=${shown} />`;
    const absent = lost || trouble?.text;
    return html`<${Screen} title=${absent ? t("This is not there") : t("One moment")}>${absent && html`<p class="words" lang="en">${absent}</p>`}<//>`;
  }
  if (place.name === "tree") return html`<${Tree} key=${shown.state.view.conversation_id} desk=${desk} session=${shown} />`;
  return html`<${Conversation} key=${shown.state.view.conversation_id} desk=${desk} session=${shown} />`;
}

/** @param {{desk: any}} props */
function Studio({ desk }) {
  const [, redraw] = useState(0);
  desk.changed = () => redraw((count) => count + 1);
  const { state } = desk;
  const session = state.place.name === "create" ? desk.fresh : desk.shown;
  const place = [state.place.name, state.place.id, session ? placeOf(session.state) : ""].join();
  const before = useRef(place);
  useLayoutEffect(() => {
    const heading = document.getElementById("heading");
    const waiting = state.finished.length ? `(${state.finished.length}) ` : "";
    document.title = `${waiting}${heading ? `${heading.textContent} · ` : ""}Image consultant`;
    if (before.current !== place) focusScreen(session);
    before.current = place;
  });
  if (state.trouble === "locked") return html`<div class="studio"><header class="rail"><p class="brand">Image consultant</p></header><main><${Notices} desk=${desk} /></main></div>`;
  return html`<div class="studio"><${Rail} desk=${desk} />
    <main aria-busy=${Boolean(session?.state.busy)}>
      <p class="hidden" role="status">${state.message}</p><p class="hidden" role="status">${session?.state.message}</p>
      <${Notices} desk=${desk} /><${Tray} desk=${desk} />
      <fieldset role="none" class="place" disabled=${state.trouble === "gone"}><${Place} desk=${desk} /></fieldset></main></div>`;
}

/** The token that the address brings. It is for one use: it stays neither there nor in the history. */
function takeToken() {
  const token = /^#t=(.+)$/.exec(location.hash)?.[1];
  if (token) history.replaceState(null, "", "#create");
  return token;
}

async function start() {
  const door = new HttpDoor();
  let token = takeToken();
  const desk = new Desk(door);
  const root = /** @type {HTMLElement} */ (document.getElementById("root"));
  root.replaceChildren(); // what the page shows before its script is there
  render(html`<${Studio} desk=${desk} />`, root);
  const arrive = async () => {
    if (token) await door.enter(token);
    desk.arrive();
  };
  // An address that is pasted over that of an open page loads nothing: its fragment alone is new.
  // A picture that is dropped beside its field would be opened in place of the page.
  for (const kind of ["dragover", "drop"]) addEventListener(kind, (event) => event.dataTransfer?.types.includes("Files") && event.preventDefault());
  addEventListener("hashchange", () => {
    token = takeToken();
    arrive();
  });
  await arrive();
  desk.live();
}

start();
