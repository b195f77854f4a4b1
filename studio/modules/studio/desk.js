/**
 * What the studio's page knows: where it is, which conversations are open in it, and what the
 * server says again and again. Each conversation has a session of its own, as a view has.
 *
 * @typedef {{name: string, id: string}} Place
 */
import { DoorError, LockedError } from "../http_door.js";
import { dataOf, textOf } from "../results.js";
import { Session } from "../session.js";
import { knownLanguage, label, learn, t } from "../words.js";
import { lookOf } from "./look.js";

/** Another page's work is seen within this time. */
const BEAT_MS = 2000;
const SCREENS = ["create", "gallery", "library", "about"];
/** Screens that show one thing, by how their addresses begin. */
const ONE = { c: "conversation", i: "image", tree: "tree", x: "pair", library: "template", style: "style", make: "making", create: "create" };

/** A session of a page that says itself, and once, that it is not let in or that nobody answers. */
class StudioSession extends Session {
  /** @param {Desk} desk */
  constructor(desk) {
    super(() => desk.follow(this));
    this.desk = desk;
    this.door = desk.door;
    this.state.ended = true; // no host's call is waited for
  }

  /** Have the prompt written anew in a style. @param {any} given */
  apply(given) {
    return this.act("asking", "openai_apply_style", { conversation_id: undefined, ...given });
  }

  /** @param {any} error @param {(() => void) | null} again */
  fault(error, again = null) {
    // One with a message is an answer.
    if (error instanceof DoorError && !error.message) this.desk.miss(error);
    if (!(error instanceof LockedError)) super.fault(error, again);
  }
}

export class Desk {
  /** @param {any} door */
  constructor(door) {
    this.door = door;
    this.changed = () => {};
    /** Pictures of which it was said that they came. @type {Set<string>} */ this.known = new Set();
    /** @type {any} */ this.state = { place: placeIn(location.hash), pulse: null, trouble: "", finished: [], message: "", chosen: null, made: null, gallery: null, asked: { query: "", values: {} } };
    /** @type {Map<string, Session>} */ this.sessions = new Map();
    this.fresh = this.open("create");
    /** Of the forms of templates. @type {Record<string, any>} */ this.drafts = this.open("library").drafts;
    // On a phone a page behind others may go without any other word.
    addEventListener("visibilitychange", () => document.hidden && this.keep());
  }

  /** @param {any} patch */
  set(patch) {
    Object.assign(this.state, patch);
    this.changed();
  }

  /** A session, with what was kept under a name until the page was loaded anew. @param {string} name  Of a conversation its id. */
  open(name = "") {
    const session = new StudioSession(this);
    const { drafts = {}, ...state } = JSON.parse(sessionStorage.getItem(name) ?? "{}");
    Object.assign(session.state, state);
    session.drafts = drafts;
    return session;
  }

  /** Keep what is chosen and typed, and not sent, until the page is loaded anew. */
  keep() {
    for (const [name, { drafts, state: { idea, mode, template, look, draft } }] of [["create", this.fresh], ["library", this], ...this.sessions]) {
      sessionStorage.setItem(name, JSON.stringify({ drafts, idea, mode, template, look, draft }));
    }
  }

  /** Give a conversation that was just begun its address, and know that the gallery has changed. @param {Session} session */
  follow(session) {
    const { view, busy, imageId } = session.state;
    const { place } = this.state;
    const isFresh = view && session === this.fresh;
    if (isFresh) {
      this.sessions.set(view.conversation_id, session);
      this.fresh = this.open();
    }
    if (isFresh && place.name === "create") {
      location.hash = `#c=${view.conversation_id}`;
      this.state.place = placeIn(location.hash); // at once: an empty form would show until the browser tells of it
    } else if (session === this.shown) session.sight = view;
    else if (view && session.wasBusy && !busy && view.status !== "working") this.finish(view, view.status === "failed");
    // Until the next beat: beside what the conversation has cost, the day's sum may not be older.
    if (session.wasBusy && !busy && view && this.state.pulse) this.state.pulse.spent_today_usd = view.spent_today_usd;
    session.wasBusy = Boolean(busy);
    if (session === this.imageSession && view && imageId !== place.id) {
      // Another picture has taken the place of the one that the address names.
      history.replaceState(null, "", `#i=${imageId}`);
      this.state.place = { name: "image", id: imageId };
    }
    this.changed();
  }

  /** The session of what is shown, if it is a conversation. */
  get shown() {
    const { name, id } = this.state.place;
    return name === "conversation" || name === "tree" ? this.sessions.get(id) : name === "image" ? this.imageSession : undefined;
  }

  // Going from place to place.

  /** Show what the address names. */
  async arrive() {
    const place = placeIn(location.hash);
    const finished = this.state.finished.filter((one) => one.id !== place.id);
    this.imageSession = undefined;
    this.set({ place, finished, message: "", lost: "" });
    if (place.name === "gallery") this.renewGallery();
    if (place.name === "create" && place.id && !(place.id in (this.fresh.state.look?.shares ?? {}))) this.fresh.set({ look: lookOf(place.id) });
    if (place.name === "conversation" || place.name === "tree") (await this.visit(place.id)).set({ looksAt: "" });
    if (place.name === "image") this.visitImage(place.id);
  }

  /** The session of a conversation, which is read unless the page has its record, or was given it. @param {string} id @param {any} view */
  async visit(id, view = null) {
    let session = this.sessions.get(id);
    if (!session) {
      session = this.open(id);
      this.sessions.set(id, session);
      this.changed();
    }
    if (!session.state.view) await (view ? session.show(view) : session.load(id));
    return session;
  }

  /** Look at one picture; what changes start from stays as it is. @param {string} id */
  async visitImage(id) {
    try {
      const view = await this.view("state", { id, cursor: knownLanguage() });
      const session = await this.visit(view.conversation_id, view);
      if (this.state.place.id !== id) return;
      // The record that the page had may be older than the picture.
      const isKnown = session.state.view.images.some((one) => one.image_id === id);
      session.set({ ...(isKnown ? {} : { view }), imageId: id, directions: false, panel: "", looksAt: id });
      this.imageSession = session;
      this.changed();
    } catch (error) {
      if (this.state.place.id === id) this.set({ message: "", lost: error.message });
    }
  }

  // Asking the server.

  /** What the studio reads, as data. @param {string} what @param {any} args @returns {Promise<any>} */
  async read(what, args = {}) {
    return this.call("studio_read", { what, ...args });
  }

  /** What every view reads, as data. @param {string} what @param {any} args @returns {Promise<any>} */
  async view(what, args = {}) {
    return this.call("view_read", { what, ...args });
  }

  /** @param {string} name @param {any} args @returns {Promise<any>} */
  async call(name, args) {
    const result = await this.door.call(name, args);
    if (result.isError) throw new Error(textOf(result));
    return dataOf(result);
  }

  /** Ask again and again while somebody looks. */
  async live() {
    for (;;) {
      // The title of a page behind others says that a drawing ended.
      if (!document.hidden || this.isWaiting) await this.beat();
      await new Promise((resolve) => setTimeout(resolve, BEAT_MS));
    }
  }

  /** Whether something that was begun has not ended. */
  get isWaiting() {
    return this.state.pulse?.drawings.length > 0 || [this.fresh, ...this.sessions.values()].some((one) => one.state.busy);
  }

  async beat() {
    const { shown } = this;
    const id = shown?.state.view?.conversation_id ?? "";
    try {
      const { trouble: wasGone } = this.state;
      // A server that was started anew may have a key now: it is asked as if for the first time.
      const pulse = await this.read("pulse", { id, query: navigator.language, cursor: wasGone ? "" : knownLanguage(), values: { since: this.state.pulse?.moment ?? "" } });
      learn(pulse.words, true);
      pulse.key ??= this.state.pulse?.key;
      this.notice(pulse);
      this.set({ pulse, trouble: "" });
      await this.dropAbsent();
      if (id && !pulse.stamp) await this.lose(id);
      else if (shown && id) await this.refresh(shown, pulse.stamp, Boolean(wasGone));
      // What could not be read meanwhile is read now.
      else if (wasGone) await this.arrive();
    } catch (error) {
      this.miss(error);
    }
  }

  /** Know what keeps the page from working, until the next beat finds it gone. @param {any} error */
  miss(error) {
    this.set({ trouble: error instanceof LockedError ? "locked" : error instanceof DoorError ? "gone" : error.message });
  }

  /** Know which drawings ended while something else was shown, also one that no beat saw begin. @param {any} pulse */
  notice(pulse) {
    const running = new Set(pulse.drawings.map((one) => one.conversation_id));
    const came = new Map(pulse.pictures.map((one) => [one.conversation_id, one]));
    const empty = (this.state.pulse?.drawings ?? []).filter((one) => !came.has(one.conversation_id));
    const ended = [...came.values(), ...empty].filter((one) => !running.has(one.conversation_id) && !this.known.has(one.id));
    if (ended.length) this.renewGallery();
    for (const one of ended) {
      if (one.id) this.known.add(one.id);
      if (!this.isSeen(one)) this.finish(one, !one.id);
    }
  }

  /** Whether somebody looked at what a drawing brought. @param {any} ended */
  isSeen({ conversation_id, id }) {
    const session = this.sessions.get(conversation_id);
    if (!session) return false;
    const { sight } = session;
    return session === this.shown || Boolean(id ? sight?.images.some((one) => one.image_id === id) : sight?.status === "failed");
  }

  /** Have the gallery read anew; until then it shows what it has. */
  renewGallery() {
    if (this.state.gallery) this.set({ gallery: { ...this.state.gallery, isOld: true } });
  }

  /** Offer nothing to look at that was deleted, by another page or in a chat. */
  async dropAbsent() {
    for (const { id } of this.state.finished) {
      const { stamp } = await this.read("pulse", { id, query: navigator.language, cursor: knownLanguage() });
      if (!stamp) this.set({ finished: this.state.finished.filter((one) => one.id !== id) });
    }
  }

  /** Say of the conversation that is shown that it is not there any more. @param {string} id */
  async lose(id) {
    this.forget(id);
    await this.arrive();
  }

  /** Say that something waits to be looked at. @param {any} conversation @param {boolean} failed */
  finish({ conversation_id: id, title }, failed) {
    const others = this.state.finished.filter((one) => one.id !== id);
    const name = { title: title || t("Untitled") };
    this.set({ finished: [...others, { id, title, failed }], message: failed ? `${label(t("No picture came"))} ${name.title}` : t("Ready to look at: {title}", name) });
  }

  /** See what another page or a chat did, unless somebody works here. @param {any} session @param {string} stamp @param {boolean} wasGone */
  async refresh(session, stamp, wasGone) {
    const { busy, panel, view } = session.state;
    if (busy || panel || (session.stamp === stamp && !wasGone)) return;
    const next = dataOf(await session.read({ what: "state", id: view.conversation_id, cursor: knownLanguage() }));
    // What somebody did meanwhile is not in it.
    if (session.state.busy || session.state.view !== view) return;
    session.stamp = stamp;
    const [before, after] = [view, next].map((one) => [one.status, one.images.length, one.dialogue?.refined_prompt, one.dialogue?.questions[0]?.id].join());
    // Whoever looks at an earlier picture, or writes what to change in one, goes on with it.
    if ((before === after || session.state.looksAt || session.state.draft) && !session.state.trouble) session.set({ view: next });
    else session.show(next);
  }

  /** Forget a conversation that was deleted. @param {string} id */
  forget(id) {
    this.sessions.delete(id);
    sessionStorage.removeItem(id);
    this.set({ finished: this.state.finished.filter((one) => one.id !== id) });
  }
}

/** What an address names. @param {string} hash @returns {Place} */
export function placeIn(hash) {
  const [head, id = ""] = hash.slice(1).split("=");
  if (id && Object.hasOwn(ONE, head)) return { name: ONE[head], id };
  return { name: SCREENS.includes(head) ? head : "create", id: "" };
}
