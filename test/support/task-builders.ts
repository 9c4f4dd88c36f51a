import { parseRepoName, parseSha, parseTaskId } from '../../src/task/ids.ts';
import { type Attempt, NO_USAGE, PRIORITY, type Task } from '../../src/task/task.ts';

export const BASE = parseSha('b'.repeat(40));
export const RESULT = parseSha('c'.repeat(40));

/** A running task of issue 7; what a test is about is in `more`. */
export function aTask(more: Partial<Task> = {}): Task {
  return {
    id: parseTaskId('0123456789'),
    repo: parseRepoName('ada/app'),
    issue: 7,
    title: 'Mend the median',
    triggerEvent: '1',
    state: 'running',
    reason: null,
    wakeAt: null,
    priority: PRIORITY.normal,
    agent: 'command',
    generation: 1,
    branch: 'forge/issue-7-mend-the-median',
    baseSha: BASE,
    headSha: null,
    pullRequest: null,
    createdAt: 0,
    updatedAt: 0,
    finishedAt: null,
    ...more,
  };
}

/** A first attempt that is under way since one second. */
export function anAttempt(more: Partial<Attempt> = {}): Attempt {
  return {
    taskId: parseTaskId('0123456789'),
    number: 1,
    kind: 'implement',
    generation: 1,
    containerId: 'c1',
    baseSha: BASE,
    startSha: BASE,
    resultSha: null,
    outcome: null,
    verification: null,
    usage: NO_USAGE,
    createdAt: 0,
    startedAt: 1_000,
    finishedAt: null,
    ...more,
  };
}
