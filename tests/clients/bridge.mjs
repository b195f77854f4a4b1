// ext-apps' AppBridge, the official host of MCP Apps, with the view's own modules behind it: in both
// protocol eras, over stdio and over HTTP. `node bridge.mjs MODULES URL COMMAND...` starts the server
// for stdio. Every message of the view is held against the schemas of the bridge.

import assert from 'node:assert/strict';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { AppBridge, PostMessageTransport } from '@modelcontextprotocol/ext-apps/app-bridge';

const URI = 'ui://image-consultant/view';
const EXTENSION = 'io.modelcontextprotocol/ui';
const MIME_TYPE = 'text/html;profile=mcp-app';
const CONSULT = 'openai_image_consultation';
const ME = { name: 'image-consultant-ci', version: '0' };
const CAN = { serverTools: {}, serverResources: {}, updateModelContext: { text: {} } };
const LINKED = [
  CONSULT, 'openai_conversational_image', 'openai_list_conversations', 'openai_generate_image',
  'openai_generate_variations',
];

const [modules, url, command, ...args] = process.argv.slice(2);
const TRANSPORTS = {
  stdio: () => new StdioClientTransport({ command, args, env: process.env, stderr: 'ignore' }),
  http: () => new StreamableHTTPClientTransport(new globalThis.URL(url)),
};
const ERAS = {
  initialize: () => new Client(ME),
  discover: () => new Client(ME, { versionNegotiation: { mode: { pin: '2026-07-28' } } }),
};

// As much of a browser as the view needs to talk: two windows, each of which hears the other.
const heard = { host: new Set(), view: new Set() };
const deliver = (to, source, data) => {
  const copy = structuredClone(data);
  setImmediate(() => heard[to].forEach((listener) => listener({ source, data: copy })));
};
const viewWindow = { postMessage: (data) => deliver('view', hostWindow, data) };
const hostWindow = { postMessage: (data) => deliver('host', viewWindow, data) };
Object.assign(globalThis, {
  window: {
    parent: hostWindow,
    addEventListener: (_, listener) => heard.host.add(listener),
    removeEventListener: (_, listener) => heard.host.delete(listener),
  },
  addEventListener: (_, listener) => heard.view.add(listener),
  document: {
    documentElement: { dataset: {}, style: { setProperty: () => {} } },
    body: { getBoundingClientRect: () => ({ height: 400 }) },
  },
  ResizeObserver: class { observe() {} },
  requestAnimationFrame: setImmediate,
  innerWidth: 640,
});
console.debug = () => {}; // the bridge tells every message

const { HostDoor } = await import(`${modules}/host_door.js`);
const { Session } = await import(`${modules}/session.js`);

/** The view as `view.js` opens it, in the frame of a host that has this client. */
async function openView(client) {
  heard.view.clear();
  const bridge = new AppBridge(client, ME, CAN, { hostContext: { theme: 'dark', displayMode: 'inline' } });
  const ready = new Promise((resolve) => { bridge.oninitialized = resolve; });
  bridge.onupdatemodelcontext = async () => ({});
  await bridge.connect(new PostMessageTransport(viewWindow, viewWindow));
  const session = new Session(() => {});
  session.door = new HostDoor(session);
  await session.door.open();
  await ready;
  return { bridge, session };
}

async function until(holds, what) {
  for (let tries = 0; tries < 600; tries++) {
    if (holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assert.fail(`${what} did not come`);
}

async function theViewIsDeclaredLinkedAndListed({ client }) {
  assert.ok(client.getServerCapabilities().extensions?.[EXTENSION]);
  const { tools } = await client.listTools();
  const linked = tools.filter((tool) => tool._meta?.ui?.resourceUri === URI).map((tool) => tool.name);
  assert.deepEqual(linked.sort(), [...LINKED].sort());
  const { resources } = await client.listResources();
  const [listed] = resources.filter((one) => one.uri === URI);
  const { contents: [page] } = await client.readResource({ uri: URI });
  for (const one of [listed, page]) {
    assert.equal(one.mimeType, MIME_TYPE);
    assert.deepEqual(one._meta.ui.csp, { resourceDomains: ['data:', 'blob:'] });
  }
  assert.match(page.text, /^<!doctype html>/i);
}

async function aResultOfTheModelsCallIsShown({ client, bridge, session }) {
  const given = { message: 'a lighthouse in a storm' };
  await bridge.sendToolInput({ arguments: given });
  await bridge.sendToolResult(await client.callTool({ name: CONSULT, arguments: given }));
  await until(() => session.state.view?.dialogue?.questions.length, 'the questions');
  assert.equal(session.state.trouble, null);
}

async function whatIsPressedGoesToThePicture({ session }) {
  await session.consult({ message: '', answers: [], finish: true });
  assert.equal(session.state.view.status, 'ready', session.state.trouble?.text);
  assert.ok(await session.draw({}), session.state.trouble?.text);
  const { status, images: [image] } = session.state.view;
  assert.equal(status, 'done');
  assert.match(await session.picture(image.image_id, 240), /^data:image\/webp;base64,/);
  await session.rate(image, { rating: 4, liked: '', disliked: '' });
  await session.load(session.state.view.conversation_id);
  assert.equal(session.state.view.images[0].rating, 4, session.state.trouble?.text);
}

const FIRST = [theViewIsDeclaredLinkedAndListed];
const ALL = [...FIRST, aResultOfTheModelsCallIsShown, whatIsPressedGoesToThePicture];
// The way to a picture is that of the transport or of the era, so each is tried once.
const HOSTS = [
  ['stdio', 'initialize', ALL], ['stdio', 'discover', FIRST],
  ['http', 'initialize', FIRST], ['http', 'discover', ALL],
];

for (const [way, era, checks] of HOSTS) {
  const client = ERAS[era]();
  let host;
  try {
    await client.connect(TRANSPORTS[way]());
    host = { client, ...(await openView(client)) };
    for (const check of checks) {
      await check(host);
      console.log(`ok    AppBridge, ${way}, ${era}: ${check.name}`);
    }
  } catch (fault) {
    console.log(`FAIL  AppBridge, ${way}, ${era}: ${fault.stack}`);
    process.exitCode = 1;
  } finally {
    if (host) {
      host.session.looking++; // ends its looks at a drawing
      await host.bridge.close(); // else it hears what the next view says, and answers it, too
    }
    await client.close();
  }
}
