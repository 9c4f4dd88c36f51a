import { expect, test } from 'vitest';
import { openClaudeWorld } from '../support/claude-world.ts';
import type { Turn } from '../support/messages-turn.ts';
import { eventsOf } from '../support/task-log.ts';

const FILES = { 'README.md': '# app\n', '.forge.yml': 'verify:\n  - grep -qx right answer.txt\n' };

/** Every environment in the container, then the commit. */
const BASH =
  'cat /proc/*/environ 2>/dev/null | tr "\\\\0" "\\\\n"; git add -A && git commit -qm "Right the answer"';
const WORK: Turn = {
  kind: 'tools',
  text: 'I write the answer down.',
  tools: [
    { name: 'Write', input: { file_path: '/workspace/answer.txt', content: 'right\n' } },
    { name: 'Bash', input: { command: BASH, description: 'Commit' } },
  ],
  usage: { input_tokens: 1000, output_tokens: 50, cache_read_input_tokens: 200 },
};
const DONE: Turn = {
  kind: 'say',
  text: 'The answer is right now.',
  usage: { input_tokens: 1300, output_tokens: 7 },
};

test('claude writes, commits and reports: a pull request, its usage, and no key in the container', async () => {
  const { world, model, key } = await openClaudeWorld({ files: FILES, turns: [WORK, DONE] });
  const task = await world.task(world.labelledIssue('Right it'), ({ state }) => state === 'in_review');

  const [pull] = world.github.pullRequests(world.repo);
  expect(pull?.body).toContain('The answer is right now.');
  expect(await world.github.readFile(world.repo, pull?.headSha ?? '', 'answer.txt')).toBe('right\n');
  expect(task).toMatchObject({ agent: 'claude', usage: { inputTokens: 2500, outputTokens: 57 } });
  expect(task.usage.usd).toBeGreaterThan(0);

  const events = await eventsOf(world, task.id);
  const textsOf = (type: string) => events.filter((event) => event.type === type).map(({ text }) => text);
  expect(textsOf('agent.text')).toEqual(['I write the answer down.', 'The answer is right now.']);
  expect(textsOf('agent.tool')).toEqual([
    expect.stringMatching(/Write.*answer\.txt/),
    expect.stringMatching(/Bash.*git commit/),
  ]);
  expect(textsOf('agent.result')).toEqual(['The answer is right now.']);

  const seenInside = model.requests.map(({ body }) => body).join('\n');
  const dummies = new Set(seenInside.match(/(?<=ANTHROPIC_API_KEY=)[\w-]+/g));
  expect([...dummies]).toEqual([expect.stringMatching(/^forge-[0-9a-f]{48}$/)]);
  expect(seenInside).not.toContain(key);
  const calls = model.requests.filter(({ method }) => method === 'POST');
  expect(new Set(calls.map(({ headers }) => headers['x-api-key']))).toEqual(new Set([key]));
  expect(JSON.stringify(calls.map(({ headers }) => headers))).not.toContain([...dummies][0]);
});

test.each([
  {
    name: 'an API error that stays',
    turn: { kind: 'error', status: 400, type: 'invalid_request_error', message: 'the prompt is cursed' },
    reason: /400.*the prompt is cursed/,
  },
  {
    name: 'an overloaded API',
    turn: {
      kind: 'error',
      status: 529,
      type: 'overloaded_error',
      message: 'Overloaded',
      headers: { 'retry-after': '0' },
    },
    reason: /overloaded/i,
  },
] satisfies { name: string; turn: Turn; reason: RegExp }[])(
  '$name fails the task with its reason',
  async ({ turn, reason }) => {
    const { world } = await openClaudeWorld({ turns: [turn] });
    const task = await world.task(world.labelledIssue('Fail'), ({ state }) => state === 'failed');
    expect(task.reason).toMatch(reason);
    expect(task.reason).not.toMatch(/success/);
    expect(world.github.pullRequests(world.repo)).toEqual([]);
    const results = (await eventsOf(world, task.id)).filter(({ type }) => type === 'agent.result');
    expect(results).toEqual([expect.objectContaining({ is_error: true, reason: 'api_error' })]);
  },
);

test('a stream that is cut once is taken up again', async () => {
  const { world } = await openClaudeWorld({
    files: FILES,
    turns: [{ kind: 'cut', text: 'I am about to write the answer down.' }, WORK, DONE],
  });
  const task = await world.task(world.labelledIssue('Cut'), ({ state }) => state === 'in_review');
  expect(await eventsOf(world, task.id)).toContainEqual(
    expect.objectContaining({ type: 'system', text: expect.stringContaining('the model call failed') }),
  );
  expect(world.github.pullRequests(world.repo)).toEqual([expect.objectContaining({ draft: false })]);
});

test('a key that the provider refuses fails the task at once, with the name of the setting', async () => {
  const { world, model } = await openClaudeWorld({ turns: [DONE], acceptedKey: 'another' });
  const task = await world.task(world.labelledIssue('Wrong key'), ({ state }) => state === 'failed');
  expect(task.reason).toMatch(/401.*refuses what ANTHROPIC_API_KEY holds/);
  expect(model.requests.filter(({ method }) => method === 'POST')).toHaveLength(1);
});

test('claude asked for by a label, where forge has no key at all', async () => {
  const env = { FORGE_AGENT: 'command', FORGE_AGENT_COMMAND: 'true', ANTHROPIC_API_KEY: undefined };
  const { world, model } = await openClaudeWorld({ turns: [DONE], env });
  const { github, repo } = world;
  const issue = github.openIssue({ repo, title: 'No key', body: null, author: 'ada' });
  github.label(repo, issue, 'forge:claude', 'ada');
  github.label(repo, issue, 'forge', 'ada');
  const task = await world.task(issue, ({ state }) => state === 'failed');
  expect(task.agent).toBe('claude');
  expect(task.reason).toMatch(/needs ANTHROPIC_API_KEY or CLAUDE_CODE_OAUTH_TOKEN/);
  expect(model.requests).toEqual([]);
});
