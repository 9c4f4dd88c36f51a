import { ForgeError } from '../errors.ts';
import { atomically } from '../store/atomically.ts';
import type { Database } from '../store/open-database.ts';
import type { TaskId } from '../task/ids.ts';
import type { TaskState } from '../task/state.ts';
import type { Task } from '../task/task.ts';
import type { Mover } from './move.ts';
import type { TaskFinder } from './task-finder.ts';

/** The moves of a task that nobody holds, made by a person. A refusal is `conflict`: there is no claim to be stale. */
export class IdleMoves {
  readonly #db: Database;
  readonly #mover: Mover;
  readonly #finder: TaskFinder;

  constructor(db: Database, mover: Mover, finder: TaskFinder) {
    this.#db = db;
    this.#mover = mover;
    this.#finder = finder;
  }

  cancelIdle(id: TaskId, reason: string): Task {
    return atomically(this.#db, () => {
      const task = this.#requireState(id, ['queued', 'waiting', 'in_review'], 'cancelled');
      return this.#mover.move(task, { from: [task.state], to: 'cancelled', reason });
    });
  }

  requeue(id: TaskId, reason: string): Task {
    return atomically(this.#db, () => {
      const task = this.#requireState(id, ['failed', 'cancelled', 'waiting'], 'queued again');
      const open = this.#finder.openOfIssue(task);
      if (open !== null && open.id !== id) {
        throw new ForgeError(
          `task ${id} cannot be queued again: task ${open.id} is open for the same issue`,
          {
            category: 'conflict',
            service: 'forge',
            next: `Cancel task ${open.id} first`,
          },
        );
      }
      return this.#mover.move(task, { from: [task.state], to: 'queued', reason });
    });
  }

  #requireState(id: TaskId, allowed: readonly TaskState[], what: string): Task {
    const task = this.#finder.require(id);
    if (!allowed.includes(task.state)) {
      throw new ForgeError(`task ${id} is ${task.state} and cannot be ${what}`, {
        category: 'conflict',
        service: 'forge',
        data: { id, state: task.state },
      });
    }
    return task;
  }
}
