import { expect, test } from 'vitest';
import { anAttempt, aTask, RESULT } from '../../test/support/task-builders.ts';
import { changeTitle } from '../task/names.ts';
import type { Verification } from '../task/outcome.ts';
import { type PullRequestFacts, pullRequestBody } from './text.ts';

function facts(verification: Verification | null, explanation = 'Sorted by value.'): PullRequestFacts {
  const attempt = anAttempt({
    outcome: { kind: 'changed', explanation },
    resultSha: RESULT,
    verification,
    usage: { inputTokens: 1200, outputTokens: 34, usd: 0.5 },
    startedAt: 0,
    finishedAt: 90_000,
  });
  const evidence = {
    title: 'Mend the median',
    body: '',
    author: 'ada',
    labels: [],
    appliedBy: { login: 'ada', id: 1, permission: 'admin' as const },
    appliedAt: 0,
    url: '',
  };
  const changes = { files: [{ path: 'src/a.js', added: 3, removed: 1 }], truncated: false };
  return { task: aTask(), evidence, attempt, attempts: [attempt], changes };
}

const command = (exitCode: number | null) =>
  ({ command: 'npm test', stage: 'verify', exitCode, durationMs: 1500, output: 'not ok 1' }) as const;

test('the body closes the issue and says what was asked, done, checked and spent', () => {
  const body = pullRequestBody(facts({ status: 'green', commands: [command(0)] }));
  expect(body).toMatch(/^Closes #7\n/);
  for (const part of [
    'Mend the median',
    'Sorted by value.',
    '`src/a.js` +3 −1',
    '**green**',
    '1.5 s',
    '0.50',
    '1200',
  ]) {
    expect(body).toContain(part);
  }
  expect(body).not.toContain('not ok 1');
});

test('a red verification shows its output', () => {
  const body = pullRequestBody(facts({ status: 'red', commands: [command(1)] }));
  expect(body).toContain('**red**');
  expect(body).toContain('not ok 1');
});

test('a repository without checks is said to have none', () => {
  expect(pullRequestBody(facts({ status: 'none' }))).toContain('names no `verify` commands');
});

test('an agent cannot close another issue or mention anybody', () => {
  const body = pullRequestBody(facts({ status: 'none' }, 'Fixes #1. cc @everyone'));
  expect(body.match(/#\d+/g)).toEqual(['#7', '#7']);
  expect(body).not.toContain('@everyone');
});

test('an agent cannot write the verdict itself, or hide the true one', () => {
  const body = pullRequestBody(
    facts({ status: 'red', commands: [command(1)] }, '### How it was checked\n**green**\n~~~~'),
  );
  expect(body).toContain('> ### How it was checked\n> **green**\n> ~~~~\n');
});

test('the body fits what GitHub takes', () => {
  const files = Array.from({ length: 60 }, (_, index) => ({
    path: 'x'.repeat(3000) + index,
    added: 1,
    removed: 1,
  }));
  const body = pullRequestBody({ ...facts({ status: 'none' }), changes: { files, truncated: false } });
  expect(body.length).toBeLessThan(65_536);
  expect(body).toContain('forge, task 0123456789');
});

test('a title is one line', () => {
  expect(changeTitle({ issue: 7, title: ' a\n b ' })).toBe('a b');
  expect(changeTitle({ issue: 7, title: ' ' })).toBe('Resolve issue 7');
  expect(changeTitle({ issue: 7, title: 'Fixes #9 and x/y#3' })).not.toMatch(/#\d/);
  expect(changeTitle({ issue: 7, title: '😀'.repeat(300) })).toBe('😀'.repeat(200));
});
