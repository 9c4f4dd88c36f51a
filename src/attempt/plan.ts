import type { Attempt, AttemptKind } from '../task/task.ts';

/** What is to be done next for a claimed task, given what its attempts came to so far. */
export type Step =
  | { do: 'begin'; kind: AttemptKind; after: Attempt | null }
  | { do: 'prepare'; attempt: Attempt }
  | { do: 'watch'; attempt: Attempt }
  | { do: 'verify'; attempt: Attempt }
  | { do: 'publish'; attempt: Attempt }
  | { do: 'close'; attempt: Attempt };

/**
 * Every claim and every restart of forge begins here, so that finished work is never done again: a task whose agent
 * is done goes on with verification, and one that is verified with publishing. A red verification is handed back to
 * the agent once; whatever comes of that, the last result that changed something is published. An attempt that was
 * begun is followed to its end, whoever claimed the task in between: its container may have ended with its work done.
 */
export function planStep(attempts: readonly Attempt[]): Step {
  const last = attempts.at(-1);
  if (last === undefined) return { do: 'begin', kind: 'implement', after: null };
  if (last.outcome === null) return { do: last.startedAt === null ? 'prepare' : 'watch', attempt: last };

  if (last.kind === 'implement' && last.outcome.kind === 'no_changes') return { do: 'close', attempt: last };
  if (last.kind === 'implement' && last.outcome.kind !== 'changed') {
    return { do: 'begin', kind: 'implement', after: null };
  }
  if (last.outcome.kind === 'cancelled')
    return { do: 'begin', kind: last.kind, after: lastChanged(attempts) };

  const result = lastChanged(attempts);
  if (result === null) return { do: 'begin', kind: 'implement', after: null };
  if (result.verification === null) return { do: 'verify', attempt: result };
  if (result.verification.status === 'red' && last === result && result.kind === 'implement') {
    return { do: 'begin', kind: 'revise', after: result };
  }
  return { do: 'publish', attempt: result };
}

function lastChanged(attempts: readonly Attempt[]): Attempt | null {
  return attempts.findLast((attempt) => attempt.outcome?.kind === 'changed') ?? null;
}
