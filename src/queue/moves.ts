import type { Sha } from '../task/ids.ts';
import { ACTIVE_STATES } from '../task/state.ts';
import type { Claim, PullRequestRef, Task } from '../task/task.ts';
import type { Mover } from './move.ts';

/** The moves of a claimed task, made by whoever holds the claim. */
export class Moves {
  readonly #mover: Mover;

  constructor(mover: Mover) {
    this.#mover = mover;
  }

  startRunning(claim: Claim): Task {
    return this.#mover.move(claim, { from: ACTIVE_STATES, to: 'running' });
  }

  startVerifying(claim: Claim): Task {
    return this.#mover.move(claim, { from: ACTIVE_STATES, to: 'verifying' });
  }

  startPublishing(claim: Claim): Task {
    return this.#mover.move(claim, { from: ACTIVE_STATES, to: 'publishing' });
  }

  putInReview(claim: Claim, review: { pullRequest: PullRequestRef; headSha: Sha }): Task {
    return this.#mover.move(claim, { from: ACTIVE_STATES, to: 'in_review', review });
  }

  finishUnchanged(claim: Claim, reason: string): Task {
    return this.#mover.move(claim, { from: ACTIVE_STATES, to: 'closed', reason });
  }

  retryLater(claim: Claim, retry: { reason: string; wakeAt: number }): Task {
    return this.#mover.move(claim, { from: ACTIVE_STATES, to: 'queued', ...retry });
  }

  wait(claim: Claim, wait: { reason: string; wakeAt: number | null }): Task {
    return this.#mover.move(claim, { from: ACTIVE_STATES, to: 'waiting', ...wait });
  }

  fail(claim: Claim, reason: string): Task {
    return this.#mover.move(claim, { from: ACTIVE_STATES, to: 'failed', reason });
  }

  cancel(claim: Claim, reason: string): Task {
    return this.#mover.move(claim, { from: ACTIVE_STATES, to: 'cancelled', reason });
  }
}
