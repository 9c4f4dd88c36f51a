import { z } from 'zod';

const tokens = z.number().nonnegative().catch(0);

const initLine = z.object({
  type: z.literal('system'),
  subtype: z.literal('init'),
  model: z.string(),
  claude_code_version: z.string().optional(),
});

const retryLine = z.object({
  type: z.literal('system'),
  subtype: z.literal('api_retry'),
  attempt: z.number(),
  max_retries: z.number(),
  retry_delay_ms: z.number(),
  error_status: z.number().nullish(),
  error: z.string().nullish(),
});

const messageLine = z.object({
  type: z.enum(['assistant', 'user']),
  message: z.object({ content: z.union([z.string(), z.array(z.unknown())]) }),
});

/** Only what decides may make the line unreadable; the rest is for people, and null where its shape has changed. */
const resultLine = z.object({
  type: z.literal('result'),
  is_error: z.boolean(),
  terminal_reason: z.string().nullable().catch(null),
  subtype: z.string().nullable().catch(null),
  result: z.string().nullable().catch(null),
  errors: z.array(z.string()).nullable().catch(null),
  num_turns: z.number().nullable().catch(null),
  usage: z
    .object({
      input_tokens: tokens,
      output_tokens: tokens,
      cache_read_input_tokens: tokens,
      cache_creation_input_tokens: tokens,
    })
    .nullable()
    .catch(null),
  // Unlike `total_cost_usd` this does not count what an earlier run of a resumed conversation cost.
  model_usage_since_last_result: z
    .record(z.string(), z.object({ costUSD: z.number().nonnegative() }))
    .nullable()
    .catch(null),
});

/** A line of `--output-format stream-json`, as far as forge reads it. */
export const claudeLine = z.union([initLine, retryLine, messageLine, resultLine]);

/** A block of a message's content, as far as forge reads it. */
export const claudeBlock = z.discriminatedUnion('type', [
  z.object({ type: z.literal('text'), text: z.string() }),
  z.object({
    type: z.literal('tool_use'),
    id: z.string(),
    name: z.string(),
    input: z.record(z.string(), z.unknown()).catch({}),
  }),
  z.object({
    type: z.literal('tool_result'),
    tool_use_id: z.string(),
    is_error: z.boolean().optional(),
    content: z.unknown(),
  }),
]);

export type ClaudeBlock = z.infer<typeof claudeBlock>;
export type RetryLine = z.infer<typeof retryLine>;
export type ResultLine = z.infer<typeof resultLine>;
