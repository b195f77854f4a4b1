// MCP Inspector's command line against the server over stdio, in both protocol eras.
// `node inspector.mjs INSPECTOR COMMAND...` starts the server anew for every question.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

const CONSULT = 'openai_image_consultation';
const DRAW = 'openai_conversational_image';
const FAILED_TOOL = 5; // Inspector's exit code for a result with isError

const [inspector, ...server] = process.argv.slice(2);
const settings = Object.entries(process.env)
  .filter(([name]) => name.startsWith('IMAGE_CONSULTANT_') || name === 'HOME')
  .flatMap(([name, value]) => ['-e', `${name}=${value}`]); // it hands nothing else on

function ask(era, ...question) {
  const options = ['--cli', '--format', 'json', '--protocol-era', era, ...settings, ...question];
  const { status, stdout, stderr } = spawnSync(process.execPath, [inspector, ...options, ...server], {
    encoding: 'utf8',
    timeout: 60_000,
  });
  return { status, stderr, result: stdout ? JSON.parse(stdout).result : undefined };
}

const call = (era, tool, given) =>
  ask(era, '--method', 'tools/call', '--tool-name', tool, '--tool-args-json', JSON.stringify(given));

const textOf = ({ result }) => result.content[0].text;

function theSchemasArePortable(era) {
  const { status, stderr, result } = ask(era, '--method', 'tools/list', '--strict');
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

const CHECKS = [theSchemasArePortable, anIdeaIsAskedAbout, aPictureIsDrawn, aMistakeIsAResultInWords];

for (const era of ['legacy', 'modern']) {
  for (const check of CHECKS) {
    try {
      check(era);
      console.log(`ok    Inspector, ${era}: ${check.name}`);
    } catch (fault) {
      console.log(`FAIL  Inspector, ${era}: ${fault.stack}`);
      process.exitCode = 1;
    }
  }
}
