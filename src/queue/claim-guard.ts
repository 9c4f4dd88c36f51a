import { ForgeError } from '../errors.ts';
import type { Database } from '../store/open-database.ts';
import { isActive, type TaskState } from '../task/state.ts';
import type { Claim } from '../task/task.ts';

/** Checks a claim, inside the transaction that is going to write on its account. */
export class ClaimGuard {
  readonly #state: ReturnType<typeof prepare>;

  constructor(db: Database) {
    this.#state = prepare(db);
  }

  /** Throws `stale` once somebody else has claimed the task; the last holder may still note down what it did. */
  requireNewest(claim: Claim): void {
    this.#stateUnder(claim);
  }

  /** Throws `stale` also where the holder has given the task away: it is not active any more. */
  requireActive(claim: Claim): void {
    const state = this.#stateUnder(claim);
    if (!isActive(state)) {
      throw stale(claim, `the task is ${state}`);
    }
  }

  #stateUnder(claim: Claim): TaskState {
    const row = this.#state.get({ id: claim.id, generation: claim.generation });
    if (row === undefined) {
      throw stale(claim, 'the task was claimed again');
    }
    return row.state;
  }
}

function stale(claim: Claim, why: string): ForgeError {
  return new ForgeError(`claim ${claim.generation} of task ${claim.id} does not hold any more: ${why}`, {
    category: 'stale',
    service: 'forge',
    data: { id: claim.id, generation: claim.generation },
  });
}

function prepare(db: Database) {
  return db.prepare<Claim, { state: TaskState }>(
    'SELECT state FROM tasks WHERE id = :id AND generation = :generation',
  );
}
