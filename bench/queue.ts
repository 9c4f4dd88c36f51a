/**
 * What a task costs over SQLite itself: claim and finish through `TaskQueue` beside the two barest statements that could
 * do it (no caps, no fencing, no events), in one run on one disk, both durable, both over a long history.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../src/clock.ts';
import { EventLog } from '../src/events/event-log.ts';
import { TaskQueue } from '../src/queue/task-queue.ts';
import { openDatabase } from '../src/store/open-database.ts';

const HISTORY = 100_000;
const ROUNDS = 5;
const TASKS = 300;

const directory = mkdtempSync(join(tmpdir(), 'forge-bench-'));
try {
  const raw = rawQueue(join(directory, 'raw.db'));
  const forge = forgeQueue(join(directory, 'forge.db'));
  const rounds = Array.from({ length: ROUNDS }, () => ({ raw: measure(raw), forge: measure(forge) }));
  const ratios = rounds.map((round) => median(round.raw) / median(round.forge));
  console.log(`claim + finish, ${ROUNDS} rounds of ${TASKS}, ${HISTORY} tasks of history, synchronous=FULL`);
  console.log(`  raw SQL  ${describe(rounds.flatMap((round) => round.raw))}`);
  console.log(`  forge    ${describe(rounds.flatMap((round) => round.forge))}`);
  console.log(`  forge runs at ${Math.round(median(ratios) * 100)} % of raw`);
} finally {
  rmSync(directory, { recursive: true });
}

interface Queue {
  fill(): void;
  claimAndFinish(): void;
}

/** Milliseconds of each claim and finish. */
function measure(queue: Queue): number[] {
  queue.fill();
  return Array.from({ length: TASKS }, () => {
    const start = performance.now();
    queue.claimAndFinish();
    return performance.now() - start;
  });
}

function rawQueue(file: string): Queue {
  const db = openDatabase(file);
  db.exec(`CREATE TABLE raw (seq INTEGER PRIMARY KEY, state TEXT NOT NULL, finished_at INTEGER);
    CREATE INDEX raw_queued ON raw (state, seq) WHERE state = 'queued'`);
  const fill = db.prepare<[number, string]>(
    `WITH RECURSIVE n (i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < ?)
     INSERT INTO raw (state) SELECT ? FROM n`,
  );
  fill.run(HISTORY, 'failed');
  const claim = db.prepare<[], number>(
    `UPDATE raw SET state = 'preparing'
     WHERE seq = (SELECT seq FROM raw WHERE state = 'queued' ORDER BY seq LIMIT 1) RETURNING seq`,
  );
  const finish = db.prepare(`UPDATE raw SET state = 'failed', finished_at = ? WHERE seq = ?`);
  return {
    fill: () => fill.run(TASKS, 'queued'),
    claimAndFinish: () => finish.run(Date.now(), claim.pluck().get()),
  };
}

function forgeQueue(file: string): Queue {
  const db = openDatabase(file);
  const queue = new TaskQueue(db, systemClock, new EventLog(db, systemClock));
  const fill = db.prepare<{ count: number; state: string; reason: string | null; at: number | null }>(
    `WITH RECURSIVE n (i) AS (SELECT coalesce(max(seq), 0) + 1 FROM tasks UNION ALL SELECT i + 1 FROM n LIMIT :count)
     INSERT INTO tasks (id, repo, issue, title, trigger_event, state, reason, priority, agent, branch,
       created_at, updated_at, finished_at)
     SELECT printf('%010d', i), 'acme/app', i, 'Fix it', i, :state, :reason, 1, 'claude', 'forge/issue', i, i, :at FROM n`,
  );
  fill.run({ count: HISTORY, state: 'failed', reason: 'broke', at: 1 });
  const caps = { maxConcurrent: 3, maxPerRepo: 3 };
  return {
    fill: () => fill.run({ count: TASKS, state: 'queued', reason: null, at: null }),
    claimAndFinish: () => {
      const task = queue.claim(caps);
      if (task === null) {
        throw new Error('the queue ran empty');
      }
      queue.fail(task, 'broke');
    },
  };
}

function describe(ms: number[]): string {
  return `median ${median(ms).toFixed(3)} ms, p99 ${quantile(ms, 0.99).toFixed(3)} ms, ${Math.round(1000 / median(ms))}/s`;
}

function median(values: number[]): number {
  return quantile(values, 0.5);
}

function quantile(values: number[], part: number): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length * part)] ?? Number.NaN;
}
