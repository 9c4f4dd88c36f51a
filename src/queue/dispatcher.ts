import type { Logger } from 'pino';
import type { Clock } from '../clock.ts';
import type { Config } from '../config/config.ts';
import type { EventLog } from '../events/event-log.ts';
import type { TaskId } from '../task/ids.ts';
import type { Task } from '../task/task.ts';
import type { TaskQueue } from './task-queue.ts';

export interface DispatcherParts {
  queue: TaskQueue;
  events: EventLog;
  config: Pick<Config, 'maxConcurrent' | 'maxPerRepo'>;
  clock: Clock;
  logger: Logger;
  /** The story of one claimed task; must not throw. The signal's reason says how it is to end early. */
  attempt(task: Task, signal: AbortSignal): Promise<void>;
}

interface Story {
  taskId: TaskId;
  abort: AbortController;
  ended: Promise<void>;
}

/** setTimeout takes no longer wait than this; a later due time is simply looked at again. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** How long a database that cannot be read is left alone. */
const AFTER_FAILURE_MS = 5_000;

/** Keeps the slots full: one story for each claimed task, a new claim whenever a slot or a task becomes free. */
export class Dispatcher {
  readonly #parts: DispatcherParts;
  /** A task can be claimed again before its last story has quite ended, so it may be in here twice. */
  readonly #underWay = new Set<Story>();
  #unsubscribe: () => void = () => {};
  #timer: NodeJS.Timeout | undefined;
  #open = false;

  constructor(parts: DispatcherParts) {
    this.#parts = parts;
  }

  /** Goes on with the tasks that were under way when forge ended, then claims. */
  start(): void {
    this.#open = true;
    for (const task of this.#parts.queue.active()) this.#begin(task);
    this.#unsubscribe = this.#parts.events.subscribe(() => this.#fill());
    this.#fill();
  }

  /** No claim after this; each story is interrupted with `reason`. Resolves when the last one has ended. */
  async stop(reason: unknown): Promise<void> {
    this.#open = false;
    this.#unsubscribe();
    clearTimeout(this.#timer);
    await end([...this.#underWay], reason);
  }

  /** Interrupts one story with `reason`, and resolves when it has ended. */
  async interrupt(id: TaskId, reason: unknown): Promise<void> {
    await end(
      [...this.#underWay].filter(({ taskId }) => taskId === id),
      reason,
    );
  }

  /** Claims what can be claimed; for changes that no task's event tells of. */
  look(): void {
    this.#fill();
  }

  /** Called from timers and events, which have nobody to throw to: a database that fails is asked again. */
  #fill(): void {
    if (!this.#open) return;
    try {
      this.#claimAll();
    } catch (error) {
      this.#parts.logger.error({ err: error }, 'the queue could not be read');
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#fill(), AFTER_FAILURE_MS);
    }
  }

  #claimAll(): void {
    // Taken before the claims: what becomes due in the meantime is looked at again.
    const since = this.#parts.clock.now();
    for (;;) {
      const task = this.#parts.queue.claim(this.#parts.config);
      if (task === null) break;
      this.#begin(task);
    }
    this.#wakeWhenDue(since);
  }

  #begin(task: Task): void {
    const abort = new AbortController();
    const ended = this.#parts.attempt(task, abort.signal).then(() => {
      this.#underWay.delete(story);
      this.#fill();
    });
    const story: Story = { taskId: task.id, abort, ended };
    this.#underWay.add(story);
  }

  /** What was due before and is not claimed has no free slot; the next story that ends looks at it again. */
  #wakeWhenDue(since: number): void {
    clearTimeout(this.#timer);
    const dueAt = this.#parts.queue.nextDueAfter(since);
    if (dueAt === null) return;
    const wait = Math.max(0, dueAt - this.#parts.clock.now());
    this.#timer = setTimeout(() => this.#fill(), Math.min(wait, LONGEST_TIMER_MS));
  }
}

async function end(stories: readonly Story[], reason: unknown): Promise<void> {
  for (const { abort } of stories) abort.abort(reason);
  await Promise.all(stories.map(({ ended }) => ended));
}
