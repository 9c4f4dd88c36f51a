import { isForgeError, messageOf } from '../errors.ts';
import type { Rooms } from '../rooms.ts';
import type { TaskId } from '../task/ids.ts';
import { backoff } from '../task/retry-policy.ts';
import type { Task } from '../task/task.ts';
import { announceTask } from './announce.ts';
import { progressComment, stateLabel } from './progress-text.ts';

/** Tasks that ended this long ago are taken to have been announced; younger ones are looked at again after a start. */
const RECENT_MS = 24 * 3_600_000;

/**
 * Keeps issues in step with their tasks, apart from the stories, so that a slow or failing GitHub holds no task up. One
 * issue at a time; a failure is tried again with backoff until the issue shows where the task stands.
 */
export class Announcer {
  readonly #rooms: Rooms;
  readonly #pending = new Map<TaskId, { failures: number; dueAt: number }>();
  readonly #shown = new Map<TaskId, string>();
  #wake: () => void = () => {};

  constructor(rooms: Rooms) {
    this.#rooms = rooms;
  }

  /** Works until `signal` aborts; a request under way is finished first. */
  async run(signal: AbortSignal): Promise<void> {
    const { events, queue, clock } = this.#rooms;
    const unsubscribe = events.subscribe((id) => this.#noteChange(id));
    const stop = () => this.#wake();
    signal.addEventListener('abort', stop, { once: true });
    const since = clock.now() - RECENT_MS;
    for (const task of queue.list()) if ((task.finishedAt ?? clock.now()) >= since) this.#noteChange(task.id);
    while (!signal.aborted) await this.#announceNext();
    unsubscribe();
    signal.removeEventListener('abort', stop);
  }

  /** A task that waits after a failure goes on waiting: when its time comes, it is shown as it stands then. */
  #noteChange(id: TaskId): void {
    if (this.#pending.has(id)) return;
    this.#pending.set(id, { failures: 0, dueAt: this.#rooms.clock.now() });
    this.#wake();
  }

  async #announceNext(): Promise<void> {
    const now = this.#rooms.clock.now();
    const next = [...this.#pending].sort(([, a], [, b]) => a.dueAt - b.dueAt)[0];
    if (next === undefined || next[1].dueAt > now)
      return this.#sleep(next === undefined ? null : next[1].dueAt - now);
    const [id, { failures }] = next;
    this.#pending.delete(id);
    try {
      const picture = this.#picture(this.#rooms.queue.require(id));
      if (this.#shown.get(id) === picture) return;
      await announceTask(id, this.#rooms);
      this.#shown.set(id, picture);
    } catch (error) {
      this.#rooms.logger.warn(
        { task: id, reason: messageOf(error) },
        'the issue could not be brought up to date',
      );
      const retryAt = isForgeError(error) ? (error.retryAt ?? 0) : 0;
      const dueAt = Math.max(retryAt, this.#rooms.clock.now() + backoff(failures + 1, Math.random));
      this.#pending.set(id, { failures: failures + 1, dueAt });
    }
  }

  /** What the issue should show; two moves with the same picture cost no request. */
  #picture(task: Task): string {
    return `${task.generation} ${stateLabel(task)} ${progressComment(task, this.#rooms.queue.attempts(task.id))}`;
  }

  /** Until something is noted, `run` is stopped, or this many ms have passed (null: no limit). */
  #sleep(ms: number | null): Promise<void> {
    return new Promise((resolve) => {
      const timer = ms === null ? undefined : setTimeout(done, Math.min(ms, 2 ** 31 - 1));
      const self = this;
      this.#wake = done;
      function done(): void {
        clearTimeout(timer);
        self.#wake = () => {};
        resolve();
      }
    });
  }
}
