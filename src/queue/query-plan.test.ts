import { expect, test } from 'vitest';
import { openQueue } from '../../test/support/queue.ts';
import { EventLog } from '../events/event-log.ts';
import type { Database } from '../store/open-database.ts';
import { Outbox } from './outbox.ts';
import { TaskQueue } from './task-queue.ts';

test('no statement reads a whole table, however long the history is', () => {
  const { db } = openQueue();
  const statements = preparedStatements(db);
  expect(statements.length).toBeGreaterThan(30);
  for (const sql of statements.filter((statement) => !isOverview(statement))) {
    for (const step of queryPlan(db, sql)) {
      // The first entry of an index is a SCAN as well, which LIMIT 1 ends; so is what such a step hands on.
      const isOneEntry =
        /ORDER BY repo (DESC )?LIMIT 1/.test(sql) && /^SCAN (tasks USING COVERING|first|last)/.test(step);
      expect(isOneEntry || !step.startsWith('SCAN'), `${step}: ${sql}`).toBe(true);
    }
  }
});

test('the claim finds its task and counts the active ones in partial indexes', () => {
  const { db } = openQueue();
  const claim = preparedStatements(db).find((sql) => sql.includes(':maxConcurrent')) ?? '';
  const steps = queryPlan(db, claim).filter((step) => step.includes(' tasks '));
  expect(steps).toEqual([
    'SEARCH tasks USING INTEGER PRIMARY KEY (rowid=?)',
    'SEARCH tasks USING INDEX queued_tasks (state=?)',
    'SEARCH tasks USING COVERING INDEX active_tasks (state=?)',
    'SEARCH tasks USING COVERING INDEX active_tasks (state=?)',
  ]);
  expect(queryPlan(db, claim)).not.toContain('USE TEMP B-TREE FOR ORDER BY');
});

test('the overview counts what has ended in an index, and reads no rows but the open ones', () => {
  const { db } = openQueue();
  const [sql = '', another] = preparedStatements(db).filter(isOverview);
  expect(another).toBeUndefined();
  expect(queryPlan(db, sql).filter((step) => step.includes(' tasks '))).toEqual([
    expect.stringMatching(/(SCAN|SEARCH) tasks USING INDEX (one_open_task_per_issue|open_tasks)/),
    expect.stringMatching(/(SCAN|SEARCH) tasks USING COVERING INDEX ended_tasks/),
  ]);
});

function isOverview(sql: string): boolean {
  return sql.includes('count(*) AS count');
}

/** Everything that the queue, its log and its outbox prepare, which is all they ever execute. */
function preparedStatements(db: Database): string[] {
  const statements: string[] = [];
  const listening = Object.create(db, {
    prepare: {
      value: (sql: string) => {
        statements.push(sql);
        return db.prepare(sql);
      },
    },
  });
  const clock = { now: () => 0 };
  const events = new EventLog(listening, clock);
  new TaskQueue(listening, clock, events);
  new Outbox(listening, clock);
  return statements;
}

function queryPlan(db: Database, sql: string): string[] {
  const names = [...sql.matchAll(/:(\w+)/g)].map(([, name]) => [name, null]);
  const explain = db.prepare<unknown[], { detail: string }>(`EXPLAIN QUERY PLAN ${sql}`);
  const steps = names.length === 0 ? explain.all() : explain.all(Object.fromEntries(names));
  return steps.map((step) => step.detail);
}
