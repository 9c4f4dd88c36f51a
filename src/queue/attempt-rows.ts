import type { Attempt, Usage } from '../task/task.ts';
import { parseOutcome, parseVerification } from './json-columns.ts';

/** One row as `ATTEMPT_COLUMNS` selects it. */
export interface AttemptRow extends Omit<Attempt, 'outcome' | 'verification' | 'usage'>, Usage {
  outcome: string | null;
  verification: string | null;
}

/** For SELECT and RETURNING alike. */
export const ATTEMPT_COLUMNS = `
  task_id AS taskId, number, kind, generation, container_id AS containerId, base_sha AS baseSha,
  start_sha AS startSha, result_sha AS resultSha, outcome, verification, input_tokens AS inputTokens,
  output_tokens AS outputTokens, usd, created_at AS createdAt, started_at AS startedAt, finished_at AS finishedAt`;

/** Throws where a JSON column holds what forge never wrote. */
export function toAttempt({
  outcome,
  verification,
  inputTokens,
  outputTokens,
  usd,
  ...row
}: AttemptRow): Attempt {
  return {
    ...row,
    outcome: outcome === null ? null : parseOutcome(outcome),
    verification: verification === null ? null : parseVerification(verification),
    usage: { inputTokens, outputTokens, usd },
  };
}
