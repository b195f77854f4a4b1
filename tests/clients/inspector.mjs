// MCP Inspector's command line against the server in both protocol eras: it lists over stdio, and
// calls over HTTP. `node inspector.mjs INSPECTOR URL COMMAND...` starts the server anew for every
// question over stdio.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

const CONSULT = 'openai_image_consultation';
const DRAW = 'openai_conversational_image';
const FAILED_TOOL = 5; // Inspector's exit code for a result with isError

const VIEW = {
  hasApp: true, resourceUri: 'ui://image-consultant/view', resourceMimeType: 'text/html;profile=mcp-app',
  csp: { resourceDomains: ['data:', 'blob:'] }, prefersBorder: false,
};
const LINKED = [
  DRAW, 'openai_generate_image', 'openai_generate_variations', CONSULT, 'openai_list_conversations',
];

const [inspector, url, ...server] = process.argv.slice(2);
const settings = Object.entries(process.env)
  .filter(([name]) => name.startsWith('IMAGE_CONSULTANT_') || name === 'HOME')
  .flatMap(([name, value]) => ['-e', `${name}=${value}`]); // it hands nothing else on

function inspect(era, way, ...question) {
  const patience = ['--connect-timeout', '60000']; // a start, beside whatever else CI does
  const options = ['--cli', '--format', 'json', ...patience, '--protocol-era', era, ...question, ...way];
  return spawnSync(process.execPath, [inspector, ...options], { encoding: 'utf8', timeout: 120_000 });
}

const STDIO = [...settings, ...server];
const HTTP = ['--transport', 'http', '--server-url', url];

function ask(era, way, ...question) {
  const { status, stdout, stderr } = inspect(era, way, ...question);
  return { status, stderr, result: stdout ? JSON.parse(stdout).result : undefined };
}

const call = (era, tool, given) =>
  ask(era, HTTP, '--method', 'tools/call', '--tool-name', tool, '--tool-args-json', JSON.stringify(given));

const textOf = ({ result }) => result.content[0].text;

function theSchemasArePortable(era) {
  const { status, stderr, result } = ask(era, STDIO, '--method', 'tools/list', '--strict');
  assert.equal(status, 0, stderr);
  assert.doesNotMatch(stderr, /^(Warning|Error): tool/m);
  const names = result.tools.map((tool) => tool.name);
  assert.ok(names.includes(CONSULT) && names.includes(DRAW), `${names}`);
}

function anIdeaIsAskedAbout(era) {
  const answer = call(era, CONSULT, { message: 'a lighthouse in a storm' });
  assert.equal(answer.status, 0, answer.stderr);
  assert.equal(answer.result.structuredContent.status, 'asking');
  assert.ok(textOf(answer).includes(answer.result.structuredContent.conversation_id));
}

function aPictureIsDrawn(era) {
  const answer = call(era, DRAW, { prompt: 'a fox', dialogue_mode: 'skip' });
  assert.equal(answer.status, 0, answer.stderr);
  const [{ path }] = answer.result.structuredContent.images;
  assert.ok(existsSync(path) && textOf(answer).includes(path));
}

function aMistakeIsAResultInWords(era) {
  const answer = call(era, DRAW, { prompt: 'a fox', quality: 'best' });
  assert.equal(answer.status, FAILED_TOOL, answer.stderr);
  assert.match(textOf(answer), /^quality must be 'low'/);
}

function fiveToolsHaveTheView(era) {
  const { status, stdout, stderr } = inspect(era, HTTP, '--method', 'tools/list', '--app-info');
  assert.equal(status, 0, stderr);
  const apps = stdout.trim().split('\n').map((line) => JSON.parse(line)).filter((one) => one.hasApp);
  const byName = Object.fromEntries(apps.map(({ toolName, ...app }) => [toolName, app]));
  assert.deepEqual(byName, Object.fromEntries(LINKED.map((name) => [name, VIEW])));
}

// What a call brings over stdio is held in every era by sdk.mjs and bridge.mjs; each question there
// starts Node and the server, which take six seconds of processor time together.
const CHECKS = {
  legacy: [theSchemasArePortable, fiveToolsHaveTheView, anIdeaIsAskedAbout],
  modern: [theSchemasArePortable, fiveToolsHaveTheView, aPictureIsDrawn, aMistakeIsAResultInWords],
};

for (const [era, checks] of Object.entries(CHECKS)) {
  for (const check of checks) {
    try {
      check(era);
      console.log(`ok    Inspector, ${era}: ${check.name}`);
    } catch (fault) {
      console.log(`FAIL  Inspector, ${era}: ${fault.stack}`);
      process.exitCode = 1;
    }
  }
}
