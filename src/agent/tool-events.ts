import { z } from 'zod';
import type { NewEvent } from '../task/event.ts';
import { bounded, oneLine } from './text.ts';

const MAX_LINE_BYTES = 2048;
const MAX_INPUT_BYTES = 8 * 1024;

/** Deeper than any real input. A nesting of many thousands, which JSON.parse reads, would overflow JSON.stringify. */
const MAX_INPUT_DEPTH = 8;

/** The field of a tool's input that tells a reader most, best first. */
const TELLING = [
  'command',
  'file_path',
  'notebook_path',
  'path',
  'pattern',
  'url',
  'query',
  'description',
  'prompt',
];

/** `Bash: npm test`, with the input as JSON text in `data`. */
export function toolUsed(use: { id: string; name: string; input: Record<string, unknown> }): NewEvent {
  const input = JSON.stringify(pruned(use.input, MAX_INPUT_DEPTH));
  const telling = TELLING.map((key) => use.input[key]).find((value) => typeof value === 'string') ?? input;
  return {
    type: 'agent.tool',
    text: oneLine(`${use.name}: ${telling}`, MAX_LINE_BYTES),
    data: { tool: bounded(use.name, 200), id: bounded(use.id, 200), input: bounded(input, MAX_INPUT_BYTES) },
  };
}

/** `Bash failed: Exit code 1 …`. */
export function toolFailed(name: string, result: { tool_use_id: string; content?: unknown }): NewEvent {
  return {
    type: 'agent.tool',
    text: oneLine(
      `${name} failed: ${resultContent.safeParse(result.content).data ?? 'no reason given'}`,
      MAX_LINE_BYTES,
    ),
    data: { tool: bounded(name, 200), id: bounded(result.tool_use_id, 200), is_error: true },
  };
}

/** A tool result's content is a text, or a list of blocks of which some have one. */
const resultContent = z.union([
  z.string(),
  z
    .array(z.object({ text: z.string().catch('') }))
    .transform((parts) => parts.map((part) => part.text).join(' ')),
]);

function pruned(value: unknown, depth: number): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (depth === 0) return '…';
  if (Array.isArray(value)) return value.map((item) => pruned(item, depth - 1));
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, pruned(item, depth - 1)]));
}
