import { randomBytes } from 'node:crypto';
import { dirname } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { claudeSettings, randomKey } from '../support/claude-world.ts';
import { startMessagesServer } from '../support/messages-server.ts';
import type { Turn } from '../support/messages-turn.ts';
import { type Finding, RunWatch } from '../support/run-watch.ts';
import { eachFile, eachRepository } from '../support/search-folder.ts';
import { SecretSearch } from '../support/secret-search.ts';
import { until, World } from '../support/world.ts';

const FILES = { 'README.md': '# app\n', '.forge.yml': 'verify:\n  - grep -q right answer.txt; env\n' };

/** All that an agent could find out, printed into its log and sent to the model. */
const SPY = 'cat /proc/*/environ /forge/run/* 2>/dev/null | tr "\\0" "\\n"; env; cat .git /forge/git/config';

test('the token and the key are nowhere but in the headers that need them', async () => {
  const key = randomKey();
  // Goes everywhere that the secrets must not go: found there, it shows that the search would have found them.
  const planted = `planted-${randomBytes(12).toString('hex')}`;
  const model = await startMessagesServer({ turns: turns(key, planted), apiKey: key });
  onTestFinished(() => model.close());
  const world = await World.open({
    files: FILES,
    private: true,
    env: {
      ...claudeSettings(model, key),
      FORGE_AGENT_COMMAND: `${SPY}; echo ${planted}; sleep 0.5; exit 3`,
      FORGE_LOG_LEVEL: 'trace',
    },
  });
  onTestFinished(() => world.close());
  const { github, repo, home } = world;
  const { token } = github.account('forge-bot');
  const watch = new RunWatch(new SecretSearch({ token, key, planted }), dirname(home), home);
  onTestFinished(() => watch.stop());
  await world.start();

  // GitHub repeats the token in an error, which becomes a reason in the log and in the database.
  const opening = { method: 'POST', path: `/repos/${repo}/pulls` };
  github.fault(opening, { status: 401, body: { message: `Bad credentials: ${token}` } });
  const good = world.labelledIssue('Right it');
  const bad = github.openIssue({ repo, title: 'Spy', body: null, author: 'ada' });
  github.label(repo, bad, 'forge:command', 'ada');
  github.label(repo, bad, 'forge', 'ada');
  for (const [issue, said] of [
    [good, 'Opened #'],
    [bad, 'Failed:'],
  ] as const) {
    await until(`issue ${issue} to say ${said}`, async () => {
      const comments = github.comments(repo, issue).map(({ body }) => body);
      return { done: comments.some((body) => body.includes(said)) ? true : null, seen: comments };
    });
  }
  for (const command of ['status', 'config']) {
    const { stdout, stderr } = await world.forge(command);
    watch.note('file', `forge ${command}`, stdout + stderr);
  }
  expect(await world.forge('stop')).toMatchObject({ code: 0 });
  await watch.stop();

  await eachFile(dirname(home), (path, bytes) => watch.note('file', path, bytes));
  await eachRepository(home, (path, bytes) => watch.note('object', path, bytes));
  for (const { authorization: _, ...rest } of github.requests)
    watch.note('github', `${rest.method} ${rest.path}`, JSON.stringify(rest));
  for (const { headers, ...rest } of model.requests) {
    const { 'x-api-key': _, ...others } = headers;
    watch.note('model', `${rest.method} ${rest.path}`, JSON.stringify({ ...rest, headers: others }));
  }

  expect(watch.roles).toEqual(new Set(['agent', 'verify']));
  expect(placesOf(watch.findings, 'planted')).toEqual([
    'argv',
    'container',
    'environment',
    'file',
    'github',
    'model',
    'object',
  ]);
  const findings = watch.findings.filter(({ secret }) => secret !== 'planted');
  expect(findings.filter((finding) => !isAllowed(finding))).toEqual([]);
  // Not green because nothing was looked at: both are where they have to be.
  expect(placesOf(findings, 'token')).toEqual(['environment']);
  expect(placesOf(findings, 'key')).toEqual(['environment']);
  expect(github.requests.filter(({ authorization }) => authorization === `Bearer ${token}`)).not.toEqual([]);
  expect(model.requests.every(({ headers }) => headers['x-api-key'] === key)).toBe(true);
});

function turns(key: string, planted: string): readonly [Turn, ...Turn[]] {
  return [
    {
      kind: 'tools',
      tools: [
        { name: 'Write', input: { file_path: '/workspace/answer.txt', content: `right ${planted}\n` } },
        {
          name: 'Bash',
          input: { command: `${SPY}; git add -A; git commit -qm Right`, description: 'Commit' },
        },
      ],
    },
    { kind: 'say', text: `Righted, ${planted}. Your key is ${key}.` },
  ];
}

/** forge is started with both in its environment. git gets the token, for the time of one command, and its helpers. */
function isAllowed({ secret, place, where }: Finding): boolean {
  if (place !== 'environment') return false;
  if (/ \S*\/bin\/forge\.js /.test(where)) return true;
  return secret === 'token' && /^((\S*\/)?git(-remote-https?)?|\/bin\/sh \S*\/git\/askpass) /.test(where);
}

function placesOf(findings: readonly Finding[], secret: string): string[] {
  return [
    ...new Set(findings.filter((finding) => finding.secret === secret).map(({ place }) => place)),
  ].sort();
}
