import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { EventLog } from '../../src/events/event-log.ts';
import type { NewTask } from '../../src/queue/enqueue.ts';
import { Outbox } from '../../src/queue/outbox.ts';
import { TaskQueue } from '../../src/queue/task-queue.ts';
import { openDatabase } from '../../src/store/open-database.ts';
import { parseRepoName, parseSha } from '../../src/task/ids.ts';
import { PRIORITY, type Task } from '../../src/task/task.ts';

/** An empty directory that lasts as long as the test. */
export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'forge-queue-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** A queue on a real file, with a clock that stands still unless the test moves it. */
export function openQueue(file = join(temporaryDirectory(), 'forge.db')) {
  const clock = { time: 1_000_000, now: () => clock.time };
  const db = openDatabase(file);
  onTestFinished(() => {
    db.close();
  });
  const events = new EventLog(db, clock);
  return { file, clock, db, events, queue: new TaskQueue(db, clock, events), outbox: new Outbox(db, clock) };
}

export const SHA = parseSha('a'.repeat(40));
export const OTHER_SHA = parseSha('b'.repeat(40));
export const PULL_REQUEST = {
  number: 12,
  url: 'https://github.test/acme/app/pull/12',
  state: 'open',
} as const;
export const NO_CAPS = { maxConcurrent: 1000, maxPerRepo: 1000 };

/** A task of `acme/app`, issue 1, trigger `e1`, unless told otherwise. */
export function newTask(changes: Partial<Omit<NewTask, 'repo'>> & { repo?: string } = {}): NewTask {
  const { repo = 'acme/app', issue = 1, ...rest } = changes;
  return {
    issue,
    title: 'Fix the parser',
    triggerEvent: `e${issue}`,
    priority: PRIORITY.normal,
    agent: 'command',
    branch: `forge/issue-${issue}`,
    evidence: {
      title: 'Fix the parser',
      body: 'It fails on "ü" 🦊',
      author: 'ada',
      labels: ['forge', 'bug'],
      appliedBy: { login: 'grace', id: 7, permission: 'write' },
      appliedAt: 999_000,
      url: 'https://github.test/acme/app/issues/1',
    },
    ...rest,
    repo: parseRepoName(repo),
  };
}

/** Enqueues and expects success. */
export function enqueued(queue: TaskQueue, changes: Parameters<typeof newTask>[0] = {}): Task {
  const result = queue.enqueue(newTask(changes));
  if (result.kind !== 'enqueued') {
    throw new Error(`not enqueued: ${result.kind}`);
  }
  return result.task;
}

/** Claims and expects a task. */
export function claimed(queue: TaskQueue): Task {
  const task = queue.claim(NO_CAPS);
  if (task === null) {
    throw new Error('nothing to claim');
  }
  return task;
}
