/**
 * The way to the server from a page that it serves itself: MCP as plain `POST /mcp`, let in by a cookie.
 *
 * @typedef {import("./results.js").Result} Result
 */

const PROTOCOL = "2026-07-28";
const META = "io.modelcontextprotocol/";
const JSON_TYPE = { "content-type": "application/json" };
const PAGE = { name: "image-consultant-studio", version: "1" };

/** The server did not answer, or not as one that understood. */
export class DoorError extends Error {}

/** The server knows neither this browser nor its token. */
export class LockedError extends DoorError {}

export class HttpDoor {
  constructor() {
    this.nextId = 1;
    this.canDownload = true;
    /** What is pressed before the browser is let in waits for that. */
    this.entering = Promise.resolve();
  }

  /** Exchange a token for the cookie. @param {string} token */
  enter(token) {
    this.entering = fetch("/studio/session", { method: "POST", headers: JSON_TYPE, body: JSON.stringify({ token }) }).catch(() => {});
    return this.entering;
  }

  /** Call a tool of the server. @param {string} name @param {any} args @returns {Promise<Result>} */
  async call(name, args) {
    const method = "tools/call";
    const _meta = { [`${META}protocolVersion`]: PROTOCOL, [`${META}clientInfo`]: PAGE, [`${META}clientCapabilities`]: {} };
    const params = { name, arguments: args, _meta };
    const headers = { ...JSON_TYPE, accept: "application/json, text/event-stream", "mcp-protocol-version": PROTOCOL, "mcp-method": method, "mcp-name": name };
    const answer = await this.send("/mcp", JSON.stringify({ jsonrpc: "2.0", id: this.nextId++, method, params }), headers);
    if (answer.status === 401 || answer.status === 403) throw new LockedError();
    const message = messageIn(await answer.text());
    if (!message?.result) throw new DoorError(message?.error?.message);
    return message.result;
  }

  /** @param {string} path @param {string | FormData} body @param {Record<string, string>} headers */
  async send(path, body, headers = {}) {
    await this.entering;
    try {
      return await fetch(path, { method: "POST", headers, body });
    } catch {
      throw new DoorError(); // the browser's own words differ from one to the next
    }
  }

  /** There is no model that would be told. */
  async inform() {}

  /** Hand in a picture as it is; the id that stands for it. @param {File} file @returns {Promise<string>} */
  async upload(file) {
    const form = new FormData();
    form.append("file", file);
    const answer = await this.send("/v1/uploads", form);
    if (answer.status === 401 || answer.status === 403) throw new LockedError();
    const { upload_id, error } = await answer.json().catch(() => ({}));
    if (!upload_id) throw new DoorError(error);
    return upload_id;
  }

  /** Where a small copy of a picture is to be had. @param {string} id @param {number} edge */
  addressOf(id, edge) {
    return `/v1/images/${id}/preview?edge=${edge}`;
  }

  /** Have the browser save a picture. @param {string} uri @param {string} name */
  async download(uri, name) {
    this.save(`/v1/images/${uri.slice("image://".length)}/content`, name);
  }

  /** Have the browser save what the server has at a path. @param {string} path @param {string} name */
  save(path, name) {
    const link = document.createElement("a");
    link.href = path;
    link.download = name;
    link.click();
  }
}

/** An answer; one that takes long comes as events: pings, progress, and at last the answer. @param {string} text */
function messageIn(text) {
  const events = text.match(/^data: .*$/gm);
  try {
    return JSON.parse(events ? events[events.length - 1].slice("data: ".length) : text);
  } catch {
    return null;
  }
}
