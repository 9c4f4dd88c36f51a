/**
 * What an attempt came to. `changed` and `no_changes` are results; the others are failures, and `explanation` is
 * what the agent said last, where it said anything. A failed attempt may still have left work (its result sha).
 */
export type Outcome =
  | { kind: 'changed'; explanation: string }
  | { kind: 'no_changes'; explanation: string }
  | { kind: 'agent_failed'; message: string }
  | { kind: 'timed_out'; minutes: number }
  | { kind: 'stalled'; minutes: number }
  | { kind: 'out_of_memory'; limitBytes: number }
  | { kind: 'output_limit'; limitBytes: number }
  | { kind: 'rejected'; message: string }
  | { kind: 'setup_failed'; message: string }
  | { kind: 'container_lost'; message: string }
  | { kind: 'cancelled' };

/** The check of a result by forge itself. `none`: the repository names no commands. */
export type Verification =
  | { status: 'none' }
  | { status: 'green' | 'red'; commands: readonly VerifiedCommand[] };

export interface VerifiedCommand {
  command: string;
  /** `setup` prepares, `verify` judges; a red `setup` makes the verification red as well. */
  stage: 'setup' | 'verify';
  /** null: it did not end within its time. */
  exitCode: number | null;
  durationMs: number;
  /** The end of standard output and error together, at most 64 KiB. */
  output: string;
}

/** One sentence for a person. */
export function describeOutcome(outcome: Outcome): string {
  switch (outcome.kind) {
    case 'changed':
      return 'the agent changed files';
    case 'no_changes':
      return 'the agent found nothing to change';
    case 'agent_failed':
      return `the agent failed: ${outcome.message}`;
    case 'timed_out':
      return `the attempt took longer than ${outcome.minutes} minutes`;
    case 'stalled':
      return `the agent made no progress for ${outcome.minutes} minutes`;
    case 'out_of_memory':
      return `the container ran out of memory (${Math.round(outcome.limitBytes / 1024 ** 2)} MiB)`;
    case 'output_limit':
      return `the agent printed more than ${Math.round(outcome.limitBytes / 1024 ** 2)} MiB`;
    case 'rejected':
      return `the result was refused: ${outcome.message}`;
    case 'setup_failed':
      return `a set-up command of the repository failed: ${outcome.message}`;
    case 'container_lost':
      return `the container was lost: ${outcome.message}`;
    case 'cancelled':
      return 'the attempt was cancelled';
  }
}
