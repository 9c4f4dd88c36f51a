import { beforeEach, describe, expect, test } from 'vitest';
import { claimed, enqueued, openQueue, PULL_REQUEST, SHA } from '../../test/support/queue.ts';
import type { Database } from './open-database.ts';

/** The database's own rules, for the day when the code above them is wrong: each row is a statement it must refuse. */
describe('a task', () => {
  let db: Database;
  beforeEach(() => {
    const opened = openQueue();
    enqueued(opened.queue);
    enqueued(opened.queue, { issue: 2 });
    db = opened.db;
  });

  test.each([
    ['an unknown state', `state = 'resting'`],
    ['a final state without a finished time', `state = 'closed'`],
    ['a finished time in a state that is not final', 'finished_at = 5'],
    ['waiting without a reason', `state = 'waiting'`],
    ['failed without a reason', `state = 'failed', finished_at = 5`],
    ['cancelled without a reason', `state = 'cancelled', finished_at = 5`],
    ['an empty reason', `state = 'waiting', reason = ''`],
    ['active without ever having been claimed', `state = 'running'`],
    ['in review without a pull request', `state = 'in_review', generation = 1`],
    ['half a pull request', 'pr_number = 3'],
    ['a wake time in a state that does not wait', `state = 'running', generation = 1, wake_at = 5`],
    ['a negative time', 'updated_at = -1'],
    ['a text for a number', `updated_at = 'soon'`],
    ['a priority that is not one', 'priority = 3'],
    ['issue 0', 'issue = 0'],
    ['a short sha', `base_sha = 'abc'`],
    ['the trigger of another task', `trigger_event = 'e2'`],
    ['the issue of another open task', 'issue = 2'],
    ['the issue of another open task in other letters', `issue = 2, repo = 'ACME/App'`],
  ])('cannot be %s', (_, change) => {
    expect(() => db.exec(`UPDATE tasks SET ${change} WHERE issue = 1`)).toThrow(
      /constraint failed|cannot store/,
    );
  });

  test('may share its issue with one that has ended', () => {
    db.exec(`UPDATE tasks SET state = 'closed', finished_at = 5 WHERE issue = 2`);
    expect(() => db.exec('UPDATE tasks SET issue = 2 WHERE issue = 1')).not.toThrow();
  });
});

describe('an attempt', () => {
  let db: Database;
  beforeEach(() => {
    const { queue, ...opened } = openQueue();
    enqueued(queue);
    queue.beginAttempt(claimed(queue), { kind: 'implement', baseSha: SHA, startSha: SHA });
    db = opened.db;
  });

  test.each([
    ['ended without an outcome', 'UPDATE attempts SET finished_at = 5'],
    ['under way with an outcome', `UPDATE attempts SET outcome = '{}'`],
    ['under way with a result', `UPDATE attempts SET result_sha = '${SHA}'`],
    ['without valid JSON', `UPDATE attempts SET finished_at = 5, outcome = '{'`],
    ['cheaper than nothing', 'UPDATE attempts SET usd = -1'],
    ['number 0', 'UPDATE attempts SET number = 0'],
    ['of an unknown kind', `UPDATE attempts SET kind = 'guess'`],
    ['of a task that is not there', `UPDATE attempts SET task_id = 'nothing000'`],
    [
      'begun beside an unfinished one',
      `INSERT INTO attempts (task_id, number, kind, generation, base_sha, start_sha, created_at)
       SELECT task_id, 2, kind, generation, base_sha, start_sha, created_at FROM attempts`,
    ],
  ])('cannot be %s', (_, statement) => {
    expect(() => db.exec(statement)).toThrow(/constraint failed/);
  });
});

test('an outbox entry is done exactly when it has a result', async () => {
  const { db, queue, outbox } = openQueue();
  enqueued(queue);
  await outbox.perform(claimed(queue), {
    kind: 'open',
    key: '1',
    intent: {},
    find: async () => PULL_REQUEST,
    act: async () => PULL_REQUEST,
  });
  expect(() => db.exec('UPDATE outbox SET result = NULL')).toThrow(/constraint failed/);
  expect(() => db.exec('UPDATE outbox SET done_at = NULL')).toThrow(/constraint failed/);
});
