/**
 * What the view shows and what it does. The server's record is the truth: after each step the
 * conversation is read anew, which is free. Only what a person presses buys anything.
 *
 * @typedef {import("./results.js").Result} Result
 */
import { conversationIn, dataOf, picturesOf, textOf } from "./results.js";
import { knownLanguage, learn, t } from "./words.js";

const CONSULT = "openai_image_consultation";
const DRAW = "openai_conversational_image";

const FIRST_LOOK_MS = 300;
/** Between two looks: a stage is seen within a second of its beginning. */
const LOOK_MS = 900;
const SLOWEST_LOOK_MS = 8000;
/** Misses in a row after which a drawing is no longer asked for. */
const MOST_MISSES = 20;

/** What OpenAI takes as it is; a browser reads more, and makes a copy that it takes. */
const PICTURE = /^image\/(png|jpeg|webp)$/;

export class Session {
  /** @param {(state: any) => void} changed */
  constructor(changed) {
    this.changed = changed;
    /** @type {any} */ this.door = null;
    /** @type {any} */ this.state = {
      idea: "", view: null, imageId: "", progress: null, partials: [], busy: "", trouble: null, gallery: null, panel: "", message: "",
      draft: "", quality: "", mask: null, settings: {}, references: [], directions: false, ended: false, context: {}, looksAt: "", focus: "",
    };
    /** @type {Map<string, Promise<string>>} */ this.pictures = new Map();
    this.words = "";
    /** @type {Record<string, any>} */ this.drafts = {};
    this.touched = false;
    /** Pictures on their way, each whether it came. @type {Set<Promise<boolean>>} */ this.coming = new Set();
    /** @type {Promise<any>} */ this.keeping = Promise.resolve();
    this.looking = 0;
    this.loading = "";
    this.browsing = 0;
  }

  /** @param {any} patch */
  set(patch) {
    Object.assign(this.state, patch);
    this.changed(this.state);
  }

  /** Say what did not work. @param {any} error @param {(() => void) | null} again  What looks again, free. */
  fault(error, again = null) {
    this.set({ trouble: { kind: "fault", ...error.facts, text: error.message, again } });
  }

  // What the host says.

  /** @param {any} args */
  heardInput(args) {
    this.args = args;
    this.words = args.message || args.prompt || "";
    this.set({ idea: this.words, ended: false });
    this.look(args.conversation_id ?? "");
  }

  /** @param {Result} result */
  async heardResult(result) {
    this.looking++;
    this.set({ ended: true });
    const id = conversationIn(result) || this.args?.conversation_id || "";
    if (result.isError) return this.fail(result, id);
    if (this.isList(result)) return this.browse(this.args?.query ?? "");
    await this.load(id);
  }

  /** @param {any} context */
  heardContext(context) {
    this.set({ context });
    // Until an answer comes nothing tells the person's language but the host.
    if (!/^en\b/.test(context.locale ?? "en")) this.speak();
  }

  /** The host's reason is for programs. */
  async heardCancel() {
    this.looking++;
    await this.speak();
    this.set({ ended: true, trouble: { kind: "stopped", words: t("What was said is kept, and a picture that was begun is finished and kept.") } });
  }

  /** Whether a result lists conversations. @param {Result} result */
  isList(result) {
    const data = dataOf(result);
    if (data?.conversations && !data.record) return true;
    const { message, prompt, conversation_id, from_image } = this.args ?? {};
    return !data && this.args && !(message || prompt || conversation_id || from_image);
  }

  // Reading: free, and done without being asked.

  /** @param {any} args @returns {Promise<Result>} */
  async read(args) {
    return orThrow(await this.door.call("view_read", args));
  }

  /** Learn the words of the host's language where no conversation has told any. */
  async speak() {
    if (knownLanguage()) return;
    try {
      const { words } = dataOf(await this.read({ what: "costs", query: this.state.context.locale ?? "" }));
      // A conversation that told its own meanwhile knows better.
      if (!knownLanguage()) learn(words);
      this.set({});
    } catch {
      // English, then.
    }
  }

  /** @param {string} id */
  async load(id) {
    if (!id) return this.set({ trouble: { kind: "fault", words: t("The answer names no conversation.") } });
    this.loading = id;
    try {
      const view = dataOf(await this.read({ what: "state", id, cursor: knownLanguage() }));
      // Of two conversations under way the later one stands, whichever comes last.
      if (this.loading === id) this.show(view);
    } catch (error) {
      if (this.loading === id) this.fault(error, () => this.load(id));
    }
  }

  /** @param {any} view */
  show(view) {
    learn(view.words);
    const isWorking = view.status === "working";
    const isOther = (this.state.view ?? view).conversation_id !== view.conversation_id;
    const current = currentOf(view);
    const count = view.newest.length;
    const directions = view.status === "done" && count > 1 && current?.image_id === view.newest.at(-1);
    this.set({
      view,
      gallery: null,
      trouble: null,
      progress: isWorking ? view.progress : null,
      partials: isWorking && !isOther ? this.state.partials : [],
      imageId: current?.image_id ?? "",
      directions,
      // What was opened on a picture stays open when its record is read once more.
      panel: current?.image_id === this.state.imageId ? this.state.panel : "",
      ...(isOther && { settings: {}, quality: "", draft: "" }),
      message: directions ? t("{count} directions", { count }) : newsOf(view.status),
    });
    if (isWorking) this.look(view.conversation_id);
  }

  /** Look at a drawing under way until it ends. @param {string} id */
  async look(id) {
    const turn = ++this.looking;
    let misses = 0;
    await pause(FIRST_LOOK_MS);
    while (turn === this.looking && (misses < MOST_MISSES || !this.state.ended)) {
      if (!document.hidden) misses = (await this.lookOnce(id, turn)) ? 0 : misses + 1;
      await pause(Math.min(LOOK_MS * (1 + misses / 4), SLOWEST_LOOK_MS));
    }
  }

  /** Whether a drawing was under way. @param {string} id @param {number} turn */
  async lookOnce(id, turn) {
    if (!id && !this.words) return false;
    try {
      const result = await this.read({ what: "progress", ...(id ? { id } : { query: this.words }), cursor: String(this.state.progress?.partials ?? "") });
      if (turn !== this.looking) return true;
      const progress = dataOf(result);
      if (progress.status !== "working") {
        // The call that the host waits for may not have begun to draw yet.
        if (!this.state.ended || this.state.busy) return !this.state.ended;
        // It is over: to look on would take away what the person opened meanwhile.
        this.looking++;
        await this.load(progress.conversation_id);
        return true;
      }
      const partials = picturesOf(result);
      this.set({ progress, ...(partials.length ? { partials } : {}) });
      // What is being drawn, and in whose language, while the host's own call still waits.
      if (this.state.view?.conversation_id !== progress.conversation_id) await this.load(progress.conversation_id);
      return true;
    } catch {
      return false;
    }
  }

  /** The address of a picture, once it is there. @param {string} id @param {number} edge */
  picture(id, edge) {
    if (this.door.addressOf) return Promise.resolve(this.door.addressOf(id, edge));
    const key = `${id} ${edge}`;
    const known = this.pictures.get(key);
    if (known) return known;
    const loading = this.read({ what: "picture", id, edge }).then((result) => picturesOf(result)[0] ?? "");
    loading.catch(() => this.pictures.delete(key));
    this.pictures.set(key, loading);
    return loading;
  }

  /** Show the conversations that there are. @param {string} query @param {string} cursor */
  async browse(query, cursor = "") {
    const turn = ++this.browsing;
    this.set({ busy: "looking", trouble: null });
    try {
      const result = await this.read({ what: "list", query, cursor });
      // Of two lists under way the later one stands, whichever comes last.
      if (turn !== this.browsing) return;
      const page = dataOf(result);
      const addresses = picturesOf(result);
      page.thumbnails.forEach((id, place) => {
        if (addresses[place]) this.pictures.set(`${id} 240`, Promise.resolve(addresses[place]));
      });
      if (!knownLanguage()) learn(page.words);
      const before = cursor ? (this.state.gallery?.conversations ?? []) : [];
      const gallery = { ...page, conversations: [...before, ...page.conversations], query };
      this.set({ busy: "", gallery, message: t("{count} of {total}", { count: gallery.conversations.length, total: page.total }) });
    } catch (error) {
      if (turn !== this.browsing) return;
      this.set({ busy: "" });
      this.fault(error, () => this.browse(query, cursor));
    }
  }

  /** Go back from the conversations, also from a list under way. */
  leaveGallery() {
    this.browsing++;
    this.set({ busy: "", gallery: null });
  }

  // Doing: only where a person presses something.

  /** Call a tool that asks a model or draws, once at a time; its result where that worked. @param {string} busy @param {string} name @param {any} given */
  async act(busy, name, given) {
    // The second click of a double click is not meant for what the first one brought there.
    if (this.state.busy || /** @type {any} */ (window.event)?.detail > 1) return;
    const id = this.state.view?.conversation_id;
    const args = { conversation_id: id, ...given };
    this.set({ busy, trouble: null, looksAt: "", message: busy === "drawing" ? newsOf("working") : "", progress: null, partials: [] });
    if (busy === "drawing") this.look(id);
    try {
      const result = await this.door.call(name, args);
      this.looking++;
      this.state.busy = "";
      if (result.isError) return await this.fail(result, id);
      await this.load(conversationIn(result) || id);
      this.tellUnread(dataOf(result));
      this.door.inform(`In the view the person had ${name} called with ${JSON.stringify(args)}. openai_list_conversations with the conversation_id tells where it stands.`).catch(() => {});
      return result;
    } catch (error) {
      // Whether the call arrived is not known: the record says, and reading it is free.
      this.looking++;
      this.set({ busy: "" });
      this.fault(error, id ? () => this.load(id) : null);
    }
  }

  /** That nothing could be made of the person's words: the record has no reply of such a turn. @param {any} answer */
  tellUnread(answer) {
    const { view } = this.state;
    if (answer?.reply && view?.dialogue && !view.dialogue.reply) this.set({ trouble: { kind: "unread", text: answer.reply } });
  }

  /** An error result, over what the record shows. @param {Result} result @param {string} id */
  async fail(result, id) {
    await (id ? this.load(id) : this.speak());
    const { view } = this.state;
    const facts = dataOf(result)?.error ?? (view?.status === "failed" && view.failure);
    this.set({ trouble: { kind: "unknown", ...facts, text: textOf(result) } });
  }

  /** Answer questions, or say something about the prompt. @param {any} given */
  async consult(given) {
    // Pictures that are still on their way go along; one that does not arrive is told first.
    this.set({ isHeld: this.coming.size > 0 });
    const came = await Promise.all(this.coming);
    this.set({ isHeld: false });
    if (came.includes(false)) return;
    const { references } = this.state;
    const reference_images = references.map((one) => one.uploadId);
    const done = await this.act("asking", CONSULT, references.length ? { ...given, reference_images } : given);
    const { draft, trouble } = this.state;
    if (done) this.set({ references: this.state.references.filter((one) => !references.includes(one)), draft: draft === given.message && !trouble ? "" : draft });
  }

  /** Draw, at a price. @param {any} given */
  draw(given) {
    return this.act("drawing", DRAW, given);
  }

  /** Change a picture in the person's words, or draw it in another quality. @param {string} prompt @param {any} image */
  async change(prompt, image) {
    const done = await this.drawFrom(image, { prompt, mask: this.maskOf(image)?.uploadId });
    if (done) this.set({ draft: "" });
  }

  /** Draw what starts from a picture, in the quality that was chosen for it. @param {any} image @param {any} given */
  async drawFrom(image, given) {
    const { quality } = this.state;
    const done = await this.draw({ from_image: image.image_id, ...given, quality: quality || undefined });
    if (done) this.set({ quality: "" });
    return done;
  }

  /** Have changes start from a picture, which is free. @param {any} image */
  async choose(image) {
    // After a drawing that failed the choice is written down: from then on the picture is shown.
    if (image.current && this.state.view.status === "done") return this.set({ imageId: image.image_id, directions: false, panel: "" });
    const done = await this.act("choosing", DRAW, { from_image: image.image_id });
    if (done) this.set({ directions: false, message: t("Changes start from this picture now.") });
  }

  /** Write something down; what the server answers, null where that failed. @param {string} what @param {string} id @param {string} value */
  async keep(what, id, value) {
    // One after the other: of two opinions of a picture the later one stands.
    const calling = this.keeping.then(() => this.door.call("view_keep", { what, id, value }));
    this.keeping = calling.catch(() => {});
    try {
      const data = dataOf(orThrow(await calling));
      this.set({ message: data.offer || t("Kept.") });
      return data;
    } catch (error) {
      this.fault(error);
      return null;
    }
  }

  /** @param {any} image @param {{rating: number, liked: string, disliked: string}} opinion */
  async rate(image, opinion) {
    const { image_id: id, rating, liked, disliked } = image;
    const put = (facts) => {
      const { view } = this.state;
      this.set({ view: { ...view, images: view.images.map((one) => (one.image_id === id ? { ...one, ...facts } : one)) } });
    };
    // At once: what is said next of the picture goes on from it.
    put(opinion);
    if (!(await this.keep("rating", id, JSON.stringify(opinion)))) put({ rating, liked, disliked });
  }

  async bookmark() {
    const { conversation_id: id, bookmarked } = this.state.view;
    if (!(await this.keep("bookmark", id, String(!bookmarked)))) return;
    const { view } = this.state;
    if (view.conversation_id === id) this.set({ view: { ...view, bookmarked: !bookmarked } });
  }

  /** Keep a painted mask for the next change. @param {any} image @param {string} png @param {any[]} strokes @param {number} share */
  async mask(image, png, strokes, share) {
    const kept = await this.keep("mask", image.image_id, png);
    // Who has stopped painting meanwhile goes on with something else.
    if (kept && this.state.panel === "paint") this.set({ mask: { imageId: image.image_id, uploadId: kept.upload_id, strokes, share }, panel: "", focus: "textarea" });
  }

  /** The mask of a picture, if one is kept. @param {any} image */
  maskOf(image) {
    return this.state.mask?.imageId === image.image_id ? this.state.mask : null;
  }

  /** Keep a reference picture for the next answer; its id, nothing where that failed. @param {File} file @param {string} small  A small copy of it. */
  async refer(file, small) {
    const isWhole = this.door.upload && PICTURE.test(file.type);
    const uploadId = isWhole ? await this.door.upload(file) : (await this.keep("reference", "", small))?.upload_id;
    if (uploadId) this.set({ references: [...this.state.references, { name: file.name, uploadId, data: small }], message: t("Kept.") });
    return uploadId;
  }
}

/** What is announced where a conversation stands now. @param {string} status */
function newsOf(status) {
  return { asking: t("What is still open"), ready: t("The prompt"), working: t("Drawing"), done: t("The picture is there."), failed: t("No picture came") }[status] ?? "";
}

/** The picture that changes start from. @param {any} view */
export function currentOf(view) {
  return view.images.find((one) => one.current) ?? view.images.at(-1);
}

/** A result that is no error. @param {Result} result @returns {Result} */
function orThrow(result) {
  if (result.isError) throw Object.assign(new Error(textOf(result)), { facts: { kind: "input", ...dataOf(result)?.error, charged: "" } });
  return result;
}

/** @param {number} milliseconds @returns {Promise<void>} */
function pause(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
