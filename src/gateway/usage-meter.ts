import { z } from 'zod';
import { SseReader } from './sse.ts';

/** What one answer of the model cost, by the provider's own count. */
export interface ModelUsage {
  /** `unknown` where the answer names none. */
  model: string;
  inputTokens: number;
  outputTokens: number;
  cacheReadTokens: number;
  cacheWriteTokens: number;
}

/** Reads the usage out of one answer while it passes. */
export interface UsageMeter {
  write(chunk: Buffer): void;
  /** What was counted, also of an answer that was cut; null where the answer told nothing. */
  total(): ModelUsage | null;
}

/** An answer of the most output tokens there are is far smaller; of anything longer no usage is known. */
const MAX_BODY_BYTES = 8 * 1024 * 1024;

const tokens = z.number().int().nonnegative().nullish();
const usageSchema = z.object({
  input_tokens: tokens,
  output_tokens: tokens,
  cache_read_input_tokens: tokens,
  cache_creation_input_tokens: tokens,
});
const messageSchema = z.object({ model: z.string().optional(), usage: usageSchema });
const eventSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('message_start'), message: messageSchema }),
  z.object({ type: z.literal('message_delta'), usage: usageSchema }),
]);

/** The meter for an answer of this content type: server-sent events, or one JSON message. */
export function usageMeter(contentType: string | undefined): UsageMeter {
  return contentType?.startsWith('text/event-stream') ? new StreamMeter() : new BodyMeter();
}

class StreamMeter implements UsageMeter {
  readonly #events = new SseReader();
  #total: ModelUsage | null = null;

  write(chunk: Buffer): void {
    for (const data of this.#events.write(chunk)) {
      // Nearly all events are pieces of text: only those that can matter are worth parsing.
      if (!data.includes('message_')) continue;
      const event = eventSchema.safeParse(json(data)).data;
      if (event === undefined) continue;
      // The counts of a `message_delta` are running totals, so the last one wins.
      this.#total =
        event.type === 'message_start'
          ? merge(this.#total, event.message.usage, event.message.model)
          : merge(this.#total, event.usage);
    }
  }

  total(): ModelUsage | null {
    return this.#total;
  }
}

class BodyMeter implements UsageMeter {
  #chunks: Buffer[] = [];
  #bytes = 0;

  write(chunk: Buffer): void {
    this.#bytes += chunk.length;
    if (this.#bytes > MAX_BODY_BYTES) this.#chunks = [];
    else this.#chunks.push(chunk);
  }

  total(): ModelUsage | null {
    const message = messageSchema.safeParse(json(Buffer.concat(this.#chunks).toString())).data;
    return message === undefined ? null : merge(null, message.usage, message.model);
  }
}

function merge(before: ModelUsage | null, usage: z.infer<typeof usageSchema>, model?: string): ModelUsage {
  return {
    model: model ?? before?.model ?? 'unknown',
    inputTokens: usage.input_tokens ?? before?.inputTokens ?? 0,
    outputTokens: usage.output_tokens ?? before?.outputTokens ?? 0,
    cacheReadTokens: usage.cache_read_input_tokens ?? before?.cacheReadTokens ?? 0,
    cacheWriteTokens: usage.cache_creation_input_tokens ?? before?.cacheWriteTokens ?? 0,
  };
}

/** undefined for what is no JSON: the answer passes unread, as it came. */
function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
