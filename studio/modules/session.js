/**
 * What the view shows and what it does. The server's record is the truth: after each step the
 * conversation is read anew, which is free. Only what a person presses buys anything.
 *
 * @typedef {import("./results.js").Result} Result
 */
import { conversationIn, dataOf, picturesOf, textOf } from "./results.js";

const CONSULT = "openai_image_consultation";
const DRAW = "openai_conversational_image";

const FIRST_LOOK_MS = 600;
const LOOK_MS = 1500;
const SLOWEST_LOOK_MS = 8000;
/** Misses in a row after which a drawing is no longer asked for. */
const MOST_MISSES = 20;

/** @returns {any} */
function blank() {
  return {
    idea: "", view: null, imageId: "", progress: null, partials: [], busy: "", trouble: null,
    gallery: null, panel: "", message: "", draft: "", mask: null, settings: {}, references: [],
    directions: false, ended: false, context: {},
  };
}

export class Session {
  /** @param {(state: any) => void} changed */
  constructor(changed) {
    this.changed = changed;
    /** @type {any} */ this.door = null;
    this.state = blank();
    /** @type {Map<string, Promise<string>>} */ this.pictures = new Map();
    this.words = "";
    this.touched = false;
    this.looking = 0;
  }

  /** @param {any} patch */
  set(patch) {
    Object.assign(this.state, patch);
    this.changed(this.state);
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

  /** @param {string} reason */
  heardCancel(reason) {
    this.looking++;
    const text = `The call was stopped${reason ? `: ${reason}` : ""}. What was said is kept, and a picture that was begun is finished and kept.`;
    this.set({ ended: true, trouble: { kind: "stopped", text } });
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
    const result = await this.door.call("view_read", args);
    if (result.isError) throw new Error(textOf(result));
    return result;
  }

  /** @param {string} id */
  async load(id) {
    if (!id) return this.set({ trouble: { kind: "fault", text: "The answer names no conversation." } });
    try {
      const view = dataOf(await this.read({ what: "state", id }));
      this.show(view);
    } catch (error) {
      this.set({ trouble: troubleOf(error, () => this.load(id)) });
    }
  }

  /** @param {any} view */
  show(view) {
    const before = this.state.view;
    const current = view.images.find((one) => one.current) ?? view.images.at(-1);
    const isOther = before?.conversation_id !== view.conversation_id;
    this.set({
      view,
      gallery: null,
      trouble: null,
      progress: view.status === "working" ? view.progress : null,
      partials: view.status === "working" && !isOther ? this.state.partials : [],
      imageId: current?.image_id ?? "",
      directions: view.status === "done" && view.newest.length > 1 && current?.image_id === view.newest.at(-1),
      panel: "",
      settings: isOther ? {} : this.state.settings,
      message: MESSAGES[view.status] ?? "",
    });
    if (view.status === "working") this.look(view.conversation_id);
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
    const seen = String(this.state.progress?.partials ?? "");
    const where = id ? { id } : { query: this.words };
    if (!id && !this.words) return false;
    try {
      const result = await this.read({ what: "progress", ...where, cursor: seen });
      if (turn !== this.looking) return true;
      const progress = dataOf(result);
      const isRunning = progress.status === "working";
      if (!isRunning) {
        // The call that the host waits for may not have begun to draw yet.
        if (this.state.ended && !this.state.busy) await this.load(progress.conversation_id);
        return !this.state.ended;
      }
      const partials = picturesOf(result);
      this.set({ progress, ...(partials.length ? { partials } : {}) });
      return true;
    } catch {
      return false;
    }
  }

  /** The address of a picture, once it is there. @param {string} id @param {number} edge */
  picture(id, edge) {
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
    this.set({ busy: "looking", trouble: null });
    try {
      const result = await this.read({ what: "list", query, cursor });
      const page = dataOf(result);
      const addresses = picturesOf(result);
      page.thumbnails.forEach((id, place) => {
        if (addresses[place]) this.pictures.set(`${id} 240`, Promise.resolve(addresses[place]));
      });
      const before = cursor ? (this.state.gallery?.conversations ?? []) : [];
      const conversations = [...before, ...page.conversations];
      this.set({ busy: "", gallery: { ...page, conversations, query }, message: `${page.total} conversations` });
    } catch (error) {
      this.set({ busy: "", trouble: troubleOf(error, () => this.browse(query, cursor)) });
    }
  }

  // Doing: only where a person presses something.

  /**
   * Call a tool that asks a model or draws, once at a time.
   *
   * @param {string} busy @param {string} name @param {any} args @param {string} report
   */
  async act(busy, name, args, report) {
    if (this.state.busy) return false;
    this.touched = true;
    this.set({ busy, trouble: null, message: BUSY[busy] ?? "", progress: null, partials: [] });
    if (busy === "drawing") this.look(args.conversation_id);
    try {
      const result = await this.door.call(name, args);
      this.looking++;
      this.state.busy = "";
      if (result.isError) {
        await this.fail(result, args.conversation_id);
        return false;
      }
      await this.load(conversationIn(result) || args.conversation_id);
      this.door.inform(`${report} Conversation ${args.conversation_id} holds it; openai_list_conversations with this id tells where it stands.`).catch(() => {});
      return true;
    } catch (error) {
      // Whether the call arrived is not known: the record says, and reading it is free.
      this.looking++;
      this.set({ busy: "", trouble: troubleOf(error, () => this.load(args.conversation_id)) });
      return false;
    }
  }

  /** An error result, over what the record shows. @param {Result} result @param {string} id */
  async fail(result, id) {
    const error = dataOf(result)?.error ?? {};
    if (id) await this.load(id);
    this.set({ trouble: { kind: error.kind ?? "fault", text: textOf(result), charged: error.charged } });
  }

  /** @param {{question_id: string, answer: string}[]} answers @param {string} message @param {boolean} finish */
  answer(answers, message, finish) {
    const args = { conversation_id: this.state.view.conversation_id, message, answers, finish };
    const given = this.state.references.map((one) => one.uploadId);
    if (given.length) Object.assign(args, { reference_images: given });
    return this.consult(args, "In the view the person answered the open questions.");
  }

  /** @param {any} args @param {string} report */
  async consult(args, report) {
    const done = await this.act("asking", CONSULT, args, report);
    if (done) this.set({ references: [] });
    return done;
  }

  /** Say something about the prompt. @param {string} message */
  say(message) {
    return this.consult({ conversation_id: this.state.view.conversation_id, message }, "In the view the person changed the prompt.");
  }

  /** Draw the prompt. @param {number} variations */
  draw(variations = 1) {
    const args = { conversation_id: this.state.view.conversation_id, ...this.state.settings };
    return this.act("drawing", DRAW, variations > 1 ? { ...args, variations } : args, "In the view the person had the prompt drawn.");
  }

  /** Draw what failed anew. */
  redraw() {
    return this.act("drawing", DRAW, { conversation_id: this.state.view.conversation_id, redraw: true }, "In the view the person had it drawn anew.");
  }

  /** Change a picture in the person's words. @param {string} words @param {any} image */
  async change(words, image) {
    const args = { conversation_id: this.state.view.conversation_id, prompt: words, from_image: image.image_id };
    const mask = this.state.mask?.imageId === image.image_id ? this.state.mask.uploadId : "";
    const done = await this.act("drawing", DRAW, mask ? { ...args, mask } : args, "In the view the person changed the picture.");
    if (done) this.set({ draft: "", mask: null });
    return done;
  }

  /** Four more that start from a picture. @param {any} image */
  vary(image) {
    const args = { conversation_id: this.state.view.conversation_id, from_image: image.image_id, variations: 4 };
    return this.act("drawing", DRAW, args, "In the view the person asked for four directions.");
  }

  /** Have changes start from a picture, which is free. @param {any} image */
  async choose(image) {
    this.touched = true;
    if (image.current) return this.set({ imageId: image.image_id, directions: false, panel: "" });
    const args = { conversation_id: this.state.view.conversation_id, from_image: image.image_id };
    const done = await this.act("choosing", DRAW, args, "In the view the person went back to an earlier picture.");
    if (done) this.set({ directions: false, message: "Changes start from this picture now." });
    return done;
  }

  /** Write something down; whether that worked. @param {string} what @param {string} id @param {string} value @param {string} message */
  async keep(what, id, value, message) {
    this.touched = true;
    try {
      const result = await this.door.call("view_keep", { what, id, value });
      if (result.isError) throw new Error(textOf(result));
      if (message) this.set({ message });
      return dataOf(result);
    } catch (error) {
      this.set({ trouble: troubleOf(error) });
      return null;
    }
  }

  /** @param {any} image @param {{rating: number, liked: string, disliked: string}} opinion */
  async rate(image, opinion) {
    const done = await this.keep("rating", image.image_id, JSON.stringify(opinion), `Rated ${opinion.rating} of 5.`);
    if (done) this.set({ view: { ...this.state.view, images: this.state.view.images.map((one) => (one.image_id === image.image_id ? { ...one, ...opinion } : one)) } });
    return Boolean(done);
  }

  async bookmark() {
    const { view } = this.state;
    const value = !view.bookmarked;
    const done = await this.keep("bookmark", view.conversation_id, String(value), value ? "Bookmarked." : "No longer bookmarked.");
    if (done) this.set({ view: { ...view, bookmarked: value } });
  }

  /** Keep a painted mask for the next change. @param {any} image @param {string} png @param {any[]} strokes @param {number} share */
  async mask(image, png, strokes, share) {
    const kept = await this.keep("mask", image.image_id, png, "The painted part is kept for the next change.");
    if (kept) this.set({ mask: { imageId: image.image_id, uploadId: kept.upload_id, strokes, share }, panel: "" });
  }

  /** Keep a reference picture for the next answer. @param {string} name @param {string} data */
  async refer(name, data) {
    const kept = await this.keep("reference", "", data, `${name} goes along with your answer.`);
    if (kept) this.set({ references: [...this.state.references, { name, uploadId: kept.upload_id, data }] });
  }
}

const MESSAGES = {
  asking: "There are questions.", ready: "The prompt is ready.", working: "The picture is being drawn.",
  done: "The picture is there.", failed: "The drawing brought no picture.",
};
const BUSY = { asking: "Your words are being read.", drawing: "The picture is being drawn.", choosing: "One moment." };

/** @param {unknown} error @param {(() => void) | null} again */
function troubleOf(error, again = null) {
  const text = error instanceof Error && error.message ? error.message : "The server could not be reached.";
  return { kind: "fault", text, again };
}

/** @param {number} milliseconds @returns {Promise<void>} */
function pause(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
