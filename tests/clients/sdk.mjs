// The official TypeScript SDK against the server over stdio: its first generation, which most
// hosts ship, and its second in both protocol eras. `node sdk.mjs COMMAND...` starts the server.

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { Client as SecondClient } from '@modelcontextprotocol/client';
import { StdioClientTransport as SecondPipe } from '@modelcontextprotocol/client/stdio';
import { Client as FirstClient } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport as FirstPipe } from '@modelcontextprotocol/sdk/client/stdio.js';

const CONSULT = 'openai_image_consultation';
const DRAW = 'openai_conversational_image';
const ME = { name: 'image-consultant-ci', version: '0' };

const [command, ...args] = process.argv.slice(2);
const start = { command, args, env: process.env, stderr: 'ignore' };

const GENERATIONS = {
  'SDK 1, initialize': [() => new FirstClient(ME), FirstPipe],
  'SDK 2, initialize': [() => new SecondClient(ME), SecondPipe],
  'SDK 2, discover': [
    () => new SecondClient(ME, { versionNegotiation: { mode: { pin: '2026-07-28' } } }),
    SecondPipe,
  ],
};

const textOf = (result) =>
  result.content.filter((block) => block.type === 'text').map((block) => block.text).join('\n');

// The first generation takes a result schema before the options, the second does not.
const callerOf = (client) => (name, given, options) =>
  client instanceof FirstClient
    ? client.callTool({ name, arguments: given }, undefined, options)
    : client.callTool({ name, arguments: given }, options);

async function bothToolsAreListed(client) {
  const { tools } = await client.listTools(); // from now on each result is held against its schema
  for (const name of [CONSULT, DRAW]) {
    const tool = tools.find((listed) => listed.name === name);
    assert.ok(tool?.title && tool.outputSchema, `${name} is listed with a title and a schema`);
  }
}

async function anIdeaIsAskedAbout(client) {
  const result = await callerOf(client)(CONSULT, { message: 'a lighthouse in a storm' });
  assert.equal(result.structuredContent.status, 'asking');
  assert.ok(textOf(result).includes(result.structuredContent.conversation_id));
}

async function aPictureIsDrawnWithProgress(client) {
  const heard = [];
  const result = await callerOf(client)(
    DRAW,
    { prompt: 'a fox', dialogue_mode: 'skip', redraw: true }, // else shown again, at once
    { onprogress: (told) => heard.push(told.progress) },
  );
  const [image] = result.structuredContent.images;
  assert.ok(existsSync(image.path) && textOf(result).includes(image.path));
  assert.ok(heard.length > 1, 'progress is told');
  assert.deepEqual(heard, [...heard].sort((a, b) => a - b), 'progress only grows');
}

async function aMistakeIsAResultInWords(client) {
  const result = await callerOf(client)(DRAW, { prompt: 'a fox', quality: 'best' });
  assert.equal(result.isError, true);
  assert.match(textOf(result), /^quality must be 'low'/);
  assert.equal(result.structuredContent.error.kind, 'input');
}

// These clients hold what an error says in data against the schema of its tool, too.
async function aRefusalOfOpenAISaysWhatAProgramCanBranchOn(client) {
  const prompt = 'a fox [[sandbox:moderation_http]]';
  const idea = { prompt, dialogue_mode: 'skip', redraw: true };
  const result = await callerOf(client)(DRAW, idea);
  assert.equal(result.isError, true);
  const { kind, charged, retry_after, next_step } = result.structuredContent.error;
  assert.deepEqual([kind, charged, retry_after], ['moderation', 'no', null]);
  assert.ok(textOf(result).includes(next_step));
}

async function aCancelledPictureIsKept(client) {
  const call = callerOf(client);
  const idea = { message: 'a hen [[sandbox:delay=2]]', mode: 'skip' };
  const { conversation_id } = (await call(CONSULT, idea)).structuredContent;
  const impatience = new AbortController();
  const drawing = call(DRAW, { conversation_id }, {
    onprogress: () => impatience.abort('changed my mind'),
    signal: impatience.signal,
  });
  await assert.rejects(drawing, 'a cancelled call ends');
  const kept = (await call(DRAW, { conversation_id })).structuredContent;
  assert.equal(kept.status, 'done');
  assert.equal(kept.images.length, 1);
}

const CHECKS = [
  bothToolsAreListed,
  anIdeaIsAskedAbout,
  aPictureIsDrawnWithProgress,
  aMistakeIsAResultInWords,
  aRefusalOfOpenAISaysWhatAProgramCanBranchOn,
  aCancelledPictureIsKept,
];

for (const [generation, [make, Pipe]] of Object.entries(GENERATIONS)) {
  const client = make();
  await client.connect(new Pipe(start));
  try {
    for (const check of CHECKS) {
      await check(client);
      console.log(`ok    ${generation}: ${check.name}`);
    }
  } catch (fault) {
    console.log(`FAIL  ${generation}: ${fault.stack}`);
    process.exitCode = 1;
  } finally {
    await client.close();
  }
}
