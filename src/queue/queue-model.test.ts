import { join } from 'node:path';
import { expect, test } from 'vitest';
import { newTask, openQueue, PULL_REQUEST, SHA, temporaryDirectory } from '../../test/support/queue.ts';
import { seededRandom } from '../../test/support/random.ts';
import { isForgeError } from '../errors.ts';
import { isActive, isFinal, NEXT_STATES, type TaskState } from '../task/state.ts';
import type { Claim, Priority, Task } from '../task/task.ts';
import type { TaskQueue } from './task-queue.ts';

const CAPS = { maxConcurrent: 3, maxPerRepo: 2 };
const REPOS = ['acme/app', 'acme/other', 'beta/app'];
const PRIORITIES: readonly Priority[] = [0, 1, 2];

const HELD_MOVES: readonly [to: TaskState, make: (queue: TaskQueue, claim: Claim, due: number) => Task][] = [
  ['running', (queue, claim) => queue.startRunning(claim)],
  ['verifying', (queue, claim) => queue.startVerifying(claim)],
  ['publishing', (queue, claim) => queue.startPublishing(claim)],
  ['in_review', (queue, claim) => queue.putInReview(claim, { pullRequest: PULL_REQUEST, headSha: SHA })],
  ['closed', (queue, claim) => queue.finishUnchanged(claim, 'nothing to do')],
  ['queued', (queue, claim, wakeAt) => queue.retryLater(claim, { reason: 'again', wakeAt })],
  ['waiting', (queue, claim) => queue.wait(claim, { reason: 'approval', wakeAt: null })],
  ['failed', (queue, claim) => queue.fail(claim, 'broke')],
  ['cancelled', (queue, claim) => queue.cancel(claim, 'asked')],
];

test.each([1, 2, 3])('400 random steps leave the queue as the plainest model has it (seed %i)', (seed) => {
  const walk = new Walk(seededRandom(seed));
  for (let step = 0; step < 400; step += 1) {
    walk.step();
    walk.expectQueueLikeModel();
  }
  // A walk that comes by none of the interesting places shows nothing.
  expect(Math.min(walk.seen.claims, walk.seen.moves, walk.seen.refusals)).toBeGreaterThan(10);
});

/** Does the same to the real queue and to `tasks`, an array in the order of age, and compares. */
class Walk {
  readonly seen = { claims: 0, moves: 0, refusals: 0 };
  readonly #random: () => number;
  readonly #file = join(temporaryDirectory(), 'forge.db');
  readonly #tasks: Task[] = [];
  #paused = false;
  #opened = openQueue(this.#file);

  constructor(random: () => number) {
    this.#random = random;
  }

  step(): void {
    const { clock, queue } = this.#opened;
    const dice = Math.floor(this.#random() * 100);
    if (dice < 15) {
      this.#enqueue();
    } else if (dice < 40) {
      this.#claim();
    } else if (dice < 76) {
      this.#moveHeld();
    } else if (dice < 84) {
      this.#moveIdle('cancelled', (id) => queue.cancelIdle(id, 'asked'));
    } else if (dice < 88) {
      this.#moveIdle('queued', (id) => queue.requeue(id, 'asked'));
    } else if (dice < 92) {
      clock.time += Math.floor(this.#random() * 100);
    } else if (dice < 98) {
      this.#paused = this.#random() < 0.2;
      this.#paused ? queue.pause() : queue.resume();
    } else {
      this.#restart();
    }
  }

  expectQueueLikeModel(): void {
    const { queue } = this.#opened;
    const byId = (a: Task, b: Task) => (a.id < b.id ? -1 : 1);
    expect(queue.list().sort(byId)).toEqual([...this.#tasks].sort(byId));
    expect(queue.isPaused()).toBe(this.#paused);
    const active = queue.active();
    expect(active.length).toBeLessThanOrEqual(CAPS.maxConcurrent);
    for (const repo of REPOS) {
      expect(active.filter((task) => task.repo === repo).length).toBeLessThanOrEqual(CAPS.maxPerRepo);
    }
  }

  #enqueue(): void {
    const wanted = newTask({
      repo: this.#pick(REPOS),
      issue: 1 + Math.floor(this.#random() * 6),
      triggerEvent: `e${Math.floor(this.#random() * 150)}`,
      priority: this.#pick(PRIORITIES),
    });
    const ofRepo = this.#tasks.filter((task) => task.repo === wanted.repo);
    const seen = ofRepo.find((task) => task.triggerEvent === wanted.triggerEvent);
    const open = ofRepo.find((task) => task.issue === wanted.issue && !isFinal(task.state));
    const result = this.#opened.queue.enqueue(wanted);
    if (seen !== undefined) {
      expect(result).toEqual({ kind: 'duplicate', taskId: seen.id });
    } else if (open !== undefined) {
      expect(result).toEqual({ kind: 'already_open', taskId: open.id });
    } else if (result.kind === 'enqueued') {
      this.#tasks.push(result.task);
    } else {
      expect.fail(`expected a new task, got ${result.kind}`);
    }
  }

  #claim(): void {
    const { clock, queue } = this.#opened;
    const active = this.#tasks.filter((task) => isActive(task.state));
    const isFree = (task: Task) => active.filter(({ repo }) => repo === task.repo).length < CAPS.maxPerRepo;
    const [next] = this.#tasks
      .filter((task) => task.state === 'queued' && (task.wakeAt ?? 0) <= clock.time && isFree(task))
      .sort((a, b) => a.priority - b.priority || this.#tasks.indexOf(a) - this.#tasks.indexOf(b));
    const task = queue.claim(CAPS);
    if (next === undefined || this.#paused || active.length >= CAPS.maxConcurrent) {
      expect(task).toBeNull();
      return;
    }
    expect(task).toMatchObject({
      id: next.id,
      state: 'preparing',
      generation: next.generation + 1,
      wakeAt: null,
    });
    this.seen.claims += 1;
    this.#replace(next, task ?? next);
  }

  #moveHeld(): void {
    const task = this.#pickTask();
    if (task !== undefined) {
      const { clock, queue } = this.#opened;
      const [to, make] = this.#pick(HELD_MOVES);
      const claim = { id: task.id, generation: task.generation - (this.#random() < 0.1 ? 1 : 0) };
      const due = clock.time + Math.floor(this.#random() * 60);
      const holds = claim.generation === task.generation && isActive(task.state);
      this.#expectMove(task, to, holds && NEXT_STATES[task.state].includes(to), () =>
        make(queue, claim, due),
      );
    }
  }

  #moveIdle(to: TaskState, make: (id: Task['id']) => Task): void {
    const task = this.#pickTask();
    if (task !== undefined) {
      const blocked = this.#tasks.some(
        ({ id, repo, issue, state }) =>
          id !== task.id && repo === task.repo && issue === task.issue && !isFinal(state),
      );
      const isIdle = !isActive(task.state) && !(to === 'queued' && (task.state === 'in_review' || blocked));
      this.#expectMove(task, to, isIdle && NEXT_STATES[task.state].includes(to), () => make(task.id));
    }
  }

  #expectMove(task: Task, to: TaskState, legal: boolean, make: () => Task): void {
    let after: Task | undefined;
    try {
      after = make();
    } catch (error) {
      expect(isForgeError(error, 'stale', 'conflict'), String(error)).toBe(true);
    }
    expect(after?.state, `${task.state} to ${to}`).toBe(legal ? to : undefined);
    this.seen[legal ? 'moves' : 'refusals'] += 1;
    this.#replace(task, after ?? task);
  }

  #restart(): void {
    const { db, clock } = this.#opened;
    db.close();
    this.#opened = openQueue(this.#file);
    this.#opened.clock.time = clock.time;
  }

  #replace(old: Task, task: Task): void {
    this.#tasks[this.#tasks.indexOf(old)] = task;
  }

  /** Mostly one that is active: the others have few ways to go. */
  #pickTask(): Task | undefined {
    const active = this.#tasks.filter((task) => isActive(task.state));
    const from = active.length > 0 && this.#random() < 0.7 ? active : this.#tasks;
    return from[Math.floor(this.#random() * from.length)];
  }

  #pick<T>(values: readonly T[]): T {
    // An index below the length of an array that is never empty.
    return values[Math.floor(this.#random() * values.length)] as T;
  }
}
