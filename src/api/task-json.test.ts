import { expect, test } from 'vitest';
import type { RepoName, Sha, TaskId } from '../task/ids.ts';
import { type Attempt, NO_USAGE, type Task } from '../task/task.ts';
import { taskJson } from './task-json.ts';

const BASE = 'a'.repeat(40) as Sha;

const task: Task = {
  id: 'k3j4m5n6p7' as TaskId,
  repo: 'acme/app' as RepoName,
  issue: 7,
  title: 'Fix it',
  triggerEvent: '1',
  state: 'in_review',
  reason: 'opened',
  wakeAt: null,
  priority: 1,
  agent: 'claude',
  generation: 2,
  branch: 'forge/issue-7-fix-it',
  baseSha: BASE,
  headSha: null,
  pullRequest: { number: 9, url: 'https://github.com/acme/app/pull/9', state: 'draft' },
  createdAt: 0,
  updatedAt: 1000,
  finishedAt: null,
};

const attempt: Attempt = {
  taskId: task.id,
  number: 1,
  kind: 'implement',
  generation: 1,
  containerId: null,
  baseSha: BASE,
  startSha: BASE,
  resultSha: null,
  outcome: null,
  verification: null,
  usage: { inputTokens: 10, outputTokens: 1, usd: 0.1 },
  createdAt: 0,
  startedAt: null,
  finishedAt: null,
};

test('a task has every documented field, in order, and no other', () => {
  const second: Attempt = { ...attempt, number: 2, kind: 'revise', containerId: 'c0ffee', startedAt: 61_000 };
  const json = taskJson(task, [attempt, { ...second, usage: { inputTokens: 5, outputTokens: 2, usd: 0.2 } }]);
  expect(JSON.stringify(json)).toBe(
    JSON.stringify({
      id: 'k3j4m5n6p7',
      repo: 'acme/app',
      issue: 7,
      title: 'Fix it',
      state: 'in_review',
      reason: 'opened',
      wakeAt: null,
      attempt: { number: 2, kind: 'revise', startedAt: '1970-01-01T00:01:01.000Z', container: 'c0ffee' },
      agent: 'claude',
      branch: 'forge/issue-7-fix-it',
      baseSha: BASE,
      headSha: null,
      pullRequest: { number: 9, url: 'https://github.com/acme/app/pull/9', state: 'draft' },
      usage: { inputTokens: 15, outputTokens: 3, usd: 0.3 },
      createdAt: '1970-01-01T00:00:00.000Z',
      updatedAt: '1970-01-01T00:00:01.000Z',
      finishedAt: null,
    }),
  );
});

test('a task without an attempt has none', () => {
  const json = taskJson({ ...task, finishedAt: 5000, pullRequest: null }, []);
  expect(json).toMatchObject({ attempt: null, usage: NO_USAGE, pullRequest: null });
  expect(json.finishedAt).toBe('1970-01-01T00:00:05.000Z');
});
