import { expect, test } from 'vitest';
import { RESULT } from '../../test/support/task-builders.ts';
import type { AgentResult } from '../agent/adapter.ts';
import { classifyAttempt } from './classify.ts';

const LIMITS = {
  attemptMinutes: 60,
  stallMinutes: 10,
  memoryBytes: 4 * 1024 ** 3,
  outputBytes: 1024,
  hasSetup: true,
};
const OK: AgentResult = { ok: true, explanation: 'done', usd: null };
const NOT_OK: AgentResult = { ok: false, message: 'boom', usd: null };
const CHANGED = { kind: 'changed', sha: RESULT } as const;

const exited = (result: AgentResult, exitCode = 0, oomKilled = false) =>
  ({ cause: 'exited', exit: { exitCode, oomKilled }, result }) as const;

test.each([
  ['a result', exited(OK), CHANGED, { kind: 'changed', explanation: 'done' }],
  ['no change', exited(OK), { kind: 'unchanged' }, { kind: 'no_changes', explanation: 'done' }],
  ['success without a result', exited(OK), { kind: 'missing' }, { kind: 'rejected' }],
  [
    'a refused result',
    exited(OK),
    { kind: 'rejected', reason: 'too big' },
    { kind: 'rejected', message: 'too big' },
  ],
  ['a failure, though it left work', exited(NOT_OK, 1), CHANGED, { kind: 'agent_failed', message: 'boom' }],
  ['a failed set-up', exited(NOT_OK, 97), { kind: 'unchanged' }, { kind: 'setup_failed' }],
  ['a failure for lack of memory', exited(NOT_OK, 137, true), CHANGED, { kind: 'out_of_memory' }],
  ['a helper process that ran out of memory, and success', exited(OK, 0, true), CHANGED, { kind: 'changed' }],
  [
    'time over, though there is a result',
    { cause: 'timed_out' },
    CHANGED,
    { kind: 'timed_out', minutes: 60 },
  ],
  ['no progress', { cause: 'stalled' }, CHANGED, { kind: 'stalled', minutes: 10 }],
  ['too much output', { cause: 'output_limit' }, CHANGED, { kind: 'output_limit', limitBytes: 1024 }],
  ['cancelled', { cause: 'cancelled' }, CHANGED, { kind: 'cancelled' }],
] as const)('%s', (_name, end, imported, outcome) => {
  expect(classifyAttempt(end, imported, LIMITS)).toMatchObject(outcome);
});

test('an agent may end with the code of a failed set-up where there is none', () => {
  const outcome = classifyAttempt(exited(NOT_OK, 97), CHANGED, { ...LIMITS, hasSetup: false });
  expect(outcome).toMatchObject({ kind: 'agent_failed' });
});
