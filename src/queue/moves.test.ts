import { describe, expect, test } from 'vitest';
import { enqueued, NO_CAPS, OTHER_SHA, openQueue, PULL_REQUEST, SHA } from '../../test/support/queue.ts';
import type { Database } from '../store/open-database.ts';
import { isActive, isFinal, NEXT_STATES, TASK_STATES, type TaskState } from '../task/state.ts';
import type { Claim, Task } from '../task/task.ts';
import { Mover } from './move.ts';
import type { TaskQueue } from './task-queue.ts';

const review = { pullRequest: PULL_REQUEST, headSha: SHA };
const stale = expect.objectContaining({ category: 'stale' });
const conflict = expect.objectContaining({ category: 'conflict' });

/** Each move of the queue: where it leads, and from where it may be made. */
const MOVES: Record<
  string,
  { to: TaskState; from: TaskState[]; make: (queue: TaskQueue, claim: Claim) => Task }
> = {
  startRunning: { to: 'running', from: ['preparing'], make: (queue, claim) => queue.startRunning(claim) },
  startVerifying: {
    to: 'verifying',
    from: ['preparing', 'running'],
    make: (queue, claim) => queue.startVerifying(claim),
  },
  startPublishing: {
    to: 'publishing',
    from: ['preparing', 'running', 'verifying'],
    make: (queue, claim) => queue.startPublishing(claim),
  },
  putInReview: {
    to: 'in_review',
    from: ['publishing'],
    make: (queue, claim) => queue.putInReview(claim, review),
  },
  finishUnchanged: {
    to: 'closed',
    from: ['publishing'],
    make: (queue, claim) => queue.finishUnchanged(claim, 'why'),
  },
  retryLater: {
    to: 'queued',
    from: ['preparing', 'running', 'verifying', 'publishing'],
    make: (queue, claim) => queue.retryLater(claim, { reason: 'why', wakeAt: 2_000_000 }),
  },
  wait: {
    to: 'waiting',
    from: ['preparing', 'running', 'verifying', 'publishing'],
    make: (queue, claim) => queue.wait(claim, { reason: 'why', wakeAt: 2_000_000 }),
  },
  fail: {
    to: 'failed',
    from: ['preparing', 'running', 'verifying', 'publishing'],
    make: (queue, claim) => queue.fail(claim, 'why'),
  },
  cancel: {
    to: 'cancelled',
    from: ['preparing', 'running', 'verifying', 'publishing'],
    make: (queue, claim) => queue.cancel(claim, 'why'),
  },
  cancelIdle: {
    to: 'cancelled',
    from: ['queued', 'waiting', 'in_review'],
    make: (queue, { id }) => queue.cancelIdle(id, 'why'),
  },
  requeue: {
    to: 'queued',
    from: ['failed', 'cancelled', 'waiting'],
    make: (queue, { id }) => queue.requeue(id, 'why'),
  },
};

/** A person's moves hold no claim that could be stale. */
const refusalOf = (name: string) => (name === 'cancelIdle' || name === 'requeue' ? conflict : stale);

describe.each(Object.entries(MOVES))('%s', (name, { to, from, make }) => {
  test(`leads to ${to} from ${from.join(', ')}`, () => {
    const { queue, events, db, clock } = openQueue();
    for (const state of from) {
      const before = taskIn(state, queue, db);
      const written = events.read().length;
      clock.time += 10;
      const after = make(queue, before);
      expect(after, state).toEqual(queue.require(before.id));
      expect(after, state).toMatchObject({
        state: to,
        generation: before.generation,
        updatedAt: clock.time,
        finishedAt: isFinal(to) ? clock.time : null,
      });
      const event = { type: 'state', taskId: before.id, at: clock.time, data: { from: state, to } };
      expect(events.read().slice(written), state).toMatchObject([event]);
    }
  });

  test('is refused from any other state, and leaves no trace', () => {
    const { queue, events, db } = openQueue();
    for (const state of TASK_STATES.filter((other) => !from.includes(other))) {
      const before = taskIn(state, queue, db);
      const written = events.read().length;
      expect(() => make(queue, before), state).toThrow(refusalOf(name));
      expect(queue.require(before.id), state).toEqual(before);
      expect(events.read(), state).toHaveLength(written);
    }
  });
});

test.each(TASK_STATES)('from %s a task goes only where NEXT_STATES allows it', (from) => {
  const { queue, events, db, clock } = openQueue();
  const mover = new Mover(db, clock, events);
  for (const to of TASK_STATES) {
    const before = taskIn(from, queue, db);
    const move = () => mover.move(before, { from: TASK_STATES, to, reason: 'why', review });
    if (NEXT_STATES[from].includes(to)) {
      expect(move().state, `${from} to ${to}`).toBe(to);
    } else {
      expect(move, `${from} to ${to}`).toThrow(stale);
      expect(queue.require(before.id), `${from} to ${to}`).toEqual(before);
    }
  }
});

describe('a move', () => {
  test('keeps its reason and wake time only as long as they are true', () => {
    const { queue, db } = openQueue();
    const waiting = queue.wait(taskIn('running', queue, db), { reason: 'no budget', wakeAt: 5 });
    expect(waiting).toMatchObject({ reason: 'no budget', wakeAt: 5 });
    const queued = queue.requeue(waiting.id, 'asked by a person');
    expect(queued).toMatchObject({ reason: 'asked by a person', wakeAt: null });
    expect(queue.claim(NO_CAPS)).toMatchObject({ reason: null, generation: waiting.generation + 1 });
  });

  test('takes the reason into the log', () => {
    const { queue, db, events } = openQueue();
    const { id } = queue.fail(taskIn('running', queue, db), 'the agent gave up');
    expect(events.tail(id, 1)).toMatchObject([{ text: 'failed: the agent gave up' }]);
  });

  test('into review stores the pull request, which a retry does not forget', () => {
    const { queue, db } = openQueue();
    const task = queue.putInReview(taskIn('publishing', queue, db), review);
    expect(task).toMatchObject({ pullRequest: PULL_REQUEST, headSha: SHA });
    queue.setPullRequestState(task.id, { ...PULL_REQUEST, state: 'closed' });
    const again = queue.requeue(queue.cancelIdle(task.id, 'no').id, 'yes');
    expect(again).toMatchObject({ pullRequest: { ...PULL_REQUEST, state: 'closed' }, headSha: SHA });
  });

  test('by an older claim is refused, whatever state the task is in', () => {
    const { queue, db } = openQueue();
    const old = taskIn('running', queue, db);
    queue.retryLater(old, { reason: 'again', wakeAt: 0 });
    queue.claim(NO_CAPS);
    const before = queue.require(old.id);
    for (const [name, { make }] of Object.entries(MOVES)) {
      expect(() => make(queue, old), name).toThrow(
        name === 'cancelIdle' || name === 'requeue' ? conflict : stale,
      );
    }
    expect(() => queue.setBase(old, OTHER_SHA)).toThrow(stale);
    expect(queue.require(old.id)).toEqual(before);
    expect(queue.startRunning(before)).toMatchObject({ state: 'running' });
  });

  test('leaves no trace where its event cannot be written', () => {
    const { queue, db } = openQueue();
    const before = taskIn('running', queue, db);
    db.exec(`CREATE TRIGGER full BEFORE INSERT ON events BEGIN SELECT raise(ABORT, 'disk is full'); END`);
    expect(() => queue.fail(before, 'why')).toThrow(/disk is full/);
    expect(queue.require(before.id)).toEqual(before);
  });
});

describe('requeue', () => {
  test('is refused while a newer task of the issue is open, and names it', () => {
    const { queue, db } = openQueue();
    const { id } = taskIn('failed', queue, db);
    const newer = enqueued(queue, { triggerEvent: 'second' });
    expect(() => queue.requeue(id, 'please')).toThrow(conflict);
    expect(() => queue.requeue(id, 'please')).toThrow(newer.id);
    queue.cancelIdle(newer.id, 'no');
    expect(queue.requeue(id, 'please').state).toBe('queued');
  });
});

describe('facts', () => {
  test('the base belongs to the newest claim', () => {
    const { queue, db, clock } = openQueue();
    const task = taskIn('preparing', queue, db);
    clock.time += 1;
    queue.setBase(task, SHA);
    expect(queue.require(task.id)).toEqual({ ...task, baseSha: SHA, updatedAt: clock.time });
  });

  test('the state of a pull request needs a task', () => {
    const { queue, db } = openQueue();
    const { id } = taskIn('queued', queue, db);
    db.exec('PRAGMA foreign_keys = OFF; DELETE FROM tasks');
    expect(() => queue.setPullRequestState(id, PULL_REQUEST)).toThrow(
      expect.objectContaining({ category: 'not_found' }),
    );
  });
});

/** A task of the next issue, put straight into the state as if it had lived a little. */
function taskIn(state: TaskState, queue: TaskQueue, db: Database): Task {
  const { id } = enqueued(queue, { issue: queue.list().length + 1 });
  const inReview = state === 'in_review' || state === 'merged';
  db.prepare(
    `UPDATE tasks SET state = :state, generation = 3, reason = :reason, finished_at = :finishedAt,
       pr_number = :number, pr_url = :url, pr_state = :prState WHERE id = :id`,
  ).run({
    id,
    state,
    reason: isActive(state) ? null : 'as it came',
    finishedAt: isFinal(state) ? 1_000_000 : null,
    number: inReview ? PULL_REQUEST.number : null,
    url: inReview ? PULL_REQUEST.url : null,
    prState: inReview ? PULL_REQUEST.state : null,
  });
  return queue.require(id);
}
