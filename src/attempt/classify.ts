import type { AgentResult } from '../agent/adapter.ts';
import type { ContainerExit } from '../container/engine.ts';
import type { Outcome } from '../task/outcome.ts';
import type { ImportedResult } from '../workspace/import-result.ts';

/** Why the agent is no longer at work. The first cause counts; what a stopped container answers afterwards does not. */
export type AgentEnd =
  | { cause: 'exited'; exit: ContainerExit; result: AgentResult }
  | { cause: 'timed_out' }
  | { cause: 'stalled' }
  | { cause: 'output_limit' }
  | { cause: 'cancelled' }
  | { cause: 'lost'; message: string };

export interface AttemptFacts {
  /** Whether the repository has set-up commands; only then does the entrypoint's code for them mean anything. */
  hasSetup: boolean;
  attemptMinutes: number;
  stallMinutes: number;
  memoryBytes: number;
  outputBytes: number;
}

/** How the entrypoint says that a `setup` command failed; see `agent/entrypoint.sh`. */
const SETUP_FAILED_EXIT = 97;

/**
 * Facts to outcome. An agent's own word for success is needed and not enough: the result has to have come out of the
 * container as well. Work left by a failed attempt is kept, but never published.
 */
export function classifyAttempt(end: AgentEnd, imported: ImportedResult, facts: AttemptFacts): Outcome {
  switch (end.cause) {
    case 'timed_out':
      return { kind: 'timed_out', minutes: facts.attemptMinutes };
    case 'stalled':
      return { kind: 'stalled', minutes: facts.stallMinutes };
    case 'output_limit':
      return { kind: 'output_limit', limitBytes: facts.outputBytes };
    case 'cancelled':
      return { kind: 'cancelled' };
    case 'lost':
      return { kind: 'container_lost', message: end.message };
    case 'exited':
      return classifyExit(end.exit, end.result, imported, facts);
  }
}

function classifyExit(
  exit: ContainerExit,
  result: AgentResult,
  imported: ImportedResult,
  facts: AttemptFacts,
): Outcome {
  if (!result.ok) {
    if (exit.oomKilled) return { kind: 'out_of_memory', limitBytes: facts.memoryBytes };
    if (facts.hasSetup && exit.exitCode === SETUP_FAILED_EXIT)
      return { kind: 'setup_failed', message: 'see the log for its output' };
    return { kind: 'agent_failed', message: result.message };
  }
  switch (imported.kind) {
    case 'changed':
      return { kind: 'changed', explanation: result.explanation };
    case 'unchanged':
      return { kind: 'no_changes', explanation: result.explanation };
    case 'missing':
      return { kind: 'rejected', message: 'the container left no result' };
    case 'rejected':
      return { kind: 'rejected', message: imported.reason };
  }
}
