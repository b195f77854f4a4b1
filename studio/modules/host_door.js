/**
 * The way to the server through the frame of a chat: MCP Apps over `postMessage`.
 *
 * @typedef {import("./results.js").Result} Result
 * @typedef {object} Listener
 * @property {(args: any) => void} heardInput  What the tool was called with.
 * @property {(result: Result) => void} heardResult  What it answered.
 * @property {() => void} heardCancel
 * @property {(context: any) => void} heardContext  Theme, language and display mode, at first and anew.
 */

const PROTOCOL = "2026-01-26";
const NEWS = "ui/notifications/";

/** A call that the host could not pass on, or that it refused. */
export class DoorError extends Error {}

export class HostDoor {
  /** @param {Listener} listener */
  constructor(listener) {
    this.listener = listener;
    /** @type {any} */ this.context = {};
    /** @type {any} */ this.capabilities = {};
    /** @type {Map<number, {resolve: Function, reject: Function}>} */ this.waiting = new Map();
    this.nextId = 1;
    this.height = 0;
    addEventListener("message", (event) => this.receive(event));
  }

  /** Shake hands; from then on the listener hears what the host says. */
  async open() {
    const answer = await this.ask("ui/initialize", {
      appInfo: { name: "image-consultant", version: "1" },
      appCapabilities: { availableDisplayModes: ["inline", "fullscreen"] },
      protocolVersion: PROTOCOL,
    });
    this.capabilities = answer.hostCapabilities ?? {};
    this.adopt(answer.hostContext ?? {});
    this.tell("initialized");
    new ResizeObserver(() => requestAnimationFrame(() => this.measure())).observe(document.body);
    this.measure();
  }

  /** Call a tool of the server. @param {string} name @param {any} args @returns {Promise<Result>} */
  call(name, args) {
    return this.ask("tools/call", { name, arguments: args });
  }

  /** Let the model know, where the host passes that on. @param {string} text */
  async inform(text) {
    if (!this.capabilities.updateModelContext) return;
    await this.ask("ui/update-model-context", { content: [{ type: "text", text }] });
  }

  /** Whether the host may show the view larger. */
  get canGrow() {
    return (this.context.availableDisplayModes ?? []).includes("fullscreen");
  }

  get isLarge() {
    return this.context.displayMode === "fullscreen";
  }

  /** Ask for a display mode; hosts may leave it as it is. @param {"inline" | "fullscreen"} mode */
  async show(mode) {
    const answer = await this.ask("ui/request-display-mode", { mode });
    this.adopt({ displayMode: answer?.mode ?? this.context.displayMode });
  }

  get canDownload() {
    return Boolean(this.capabilities.downloadFile);
  }

  /** Hand a picture to the host, for the person to save. @param {string} uri @param {string} name @param {string} mimeType */
  download(uri, name, mimeType) {
    const contents = [{ type: "resource_link", uri, name, mimeType }];
    return this.ask("ui/download-file", { contents });
  }

  /** @param {any} context */
  adopt(context) {
    Object.assign(this.context, context);
    const root = document.documentElement;
    if (this.context.theme) root.dataset.theme = this.context.theme;
    for (const [name, value] of Object.entries(context.styles?.variables ?? {}))
      if (name.startsWith("--") && value) root.style.setProperty(name, String(value));
    this.listener.heardContext(this.context);
  }

  /** @param {MessageEvent} event */
  receive({ source, data }) {
    if (source !== window.parent || data?.jsonrpc !== "2.0") return;
    if (data.method === undefined) return this.settle(data);
    const params = data.params ?? {};
    const news = data.method.replace(NEWS, "");
    if (news === "tool-input") this.listener.heardInput(params.arguments ?? {});
    if (news === "tool-result") this.listener.heardResult(params);
    if (news === "tool-cancelled") this.listener.heardCancel();
    if (news === "host-context-changed") this.adopt(params);
    if (data.id !== undefined) this.post({ id: data.id, result: {} });
  }

  /** @param {any} answer */
  settle(answer) {
    const waiting = this.waiting.get(answer.id);
    this.waiting.delete(answer.id);
    if (answer.error) waiting?.reject(new DoorError(answer.error.message));
    else waiting?.resolve(answer.result);
  }

  /** @param {string} method @param {any} params @returns {Promise<any>} */
  ask(method, params) {
    const id = this.nextId++;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
      this.post({ id, method, params });
    });
  }

  /** @param {string} news @param {any} params */
  tell(news, params = {}) {
    this.post({ method: NEWS + news, params });
  }

  /** @param {any} message */
  post(message) {
    // The host's origin is not known, and what is sent is nobody's secret.
    window.parent.postMessage({ jsonrpc: "2.0", ...message }, "*");
  }

  measure() {
    const height = Math.ceil(document.body.getBoundingClientRect().height);
    if (!height || height === this.height) return;
    this.height = height;
    this.tell("size-changed", { width: innerWidth, height });
  }
}
