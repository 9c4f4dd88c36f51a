import { z } from 'zod';
import type { Outcome, Verification } from '../task/outcome.ts';
import { type Evidence, PERMISSIONS } from '../task/task.ts';

const text = z.string();
const count = z.number().nonnegative();

const outcome: z.ZodType<Outcome> = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('changed'), explanation: text }),
  z.object({ kind: z.literal('no_changes'), explanation: text }),
  z.object({ kind: z.literal('agent_failed'), message: text }),
  z.object({ kind: z.literal('timed_out'), minutes: count }),
  z.object({ kind: z.literal('stalled'), minutes: count }),
  z.object({ kind: z.literal('out_of_memory'), limitBytes: count }),
  z.object({ kind: z.literal('output_limit'), limitBytes: count }),
  z.object({ kind: z.literal('rejected'), message: text }),
  z.object({ kind: z.literal('setup_failed'), message: text }),
  z.object({ kind: z.literal('container_lost'), message: text }),
  z.object({ kind: z.literal('cancelled') }),
]);

const command = z.object({
  command: text,
  stage: z.enum(['setup', 'verify']),
  exitCode: z.int().nullable(),
  durationMs: count,
  output: text,
});

const verification: z.ZodType<Verification> = z.discriminatedUnion('status', [
  z.object({ status: z.literal('none') }),
  z.object({ status: z.enum(['green', 'red']), commands: z.array(command) }),
]);

const evidence: z.ZodType<Evidence> = z.object({
  title: text,
  body: text,
  author: text,
  labels: z.array(text),
  appliedBy: z.object({ login: text, id: z.int(), permission: z.enum(PERMISSIONS) }),
  appliedAt: z.int(),
  url: text,
});

/** Reads the column back; throws where it holds what forge never wrote. So do the other two. */
export function parseOutcome(json: string): Outcome {
  return outcome.parse(JSON.parse(json));
}

export function parseVerification(json: string): Verification {
  return verification.parse(JSON.parse(json));
}

export function parseEvidence(json: string): Evidence {
  return evidence.parse(JSON.parse(json));
}
