import { randomUUID } from 'node:crypto';

/** What the scripted model does with one request. */
export type Turn =
  | { kind: 'say'; text: string; usage?: Partial<TurnUsage> }
  | { kind: 'tools'; text?: string; tools: readonly ToolCall[]; usage?: Partial<TurnUsage> }
  /** An HTTP error in Anthropic's shape. */
  | { kind: 'error'; status: number; type: string; message: string; headers?: Record<string, string> }
  /** The first half of an answer, then the connection is dropped. */
  | { kind: 'cut'; text: string }
  /** Response headers and then nothing, until the client gives up or the server closes. */
  | { kind: 'silent' };

export interface ToolCall {
  name: string;
  input: Record<string, unknown>;
}

export interface TurnUsage {
  input_tokens: number;
  output_tokens: number;
  cache_read_input_tokens: number;
  cache_creation_input_tokens: number;
}

/** A turn that answers, at least for a while. */
export type Answer = Extract<Turn, { kind: 'say' | 'tools' | 'cut' }>;
type Block = { type: 'text'; text: string } | ({ type: 'tool_use'; id: string } & ToolCall);

const USAGE: TurnUsage = {
  input_tokens: 100,
  output_tokens: 20,
  cache_read_input_tokens: 0,
  cache_creation_input_tokens: 0,
};

/** The whole answer as the JSON body of a request without `stream`. */
export function messageBody(turn: Answer, model: string): object {
  const content = blocks(turn);
  return {
    id: `msg_${randomUUID().replaceAll('-', '')}`,
    type: 'message',
    role: 'assistant',
    model,
    content,
    stop_reason: stopReason(content),
    stop_sequence: null,
    usage: usageOf(turn),
  };
}

/** The same answer as server-sent events, one string per event. */
export function messageEvents(turn: Answer, model: string): string[] {
  const content = blocks(turn);
  const usage = usageOf(turn);
  const start = {
    ...messageBody(turn, model),
    content: [],
    stop_reason: null,
    usage: { ...usage, output_tokens: 1 },
  };
  return [
    { type: 'message_start', message: start },
    ...content.flatMap((block, index) => blockEvents(block, index)),
    {
      type: 'message_delta',
      delta: { stop_reason: stopReason(content), stop_sequence: null },
      usage: { output_tokens: usage.output_tokens },
    },
    { type: 'message_stop' },
  ].map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
}

function blockEvents(block: Block, index: number): { type: string }[] {
  const opened = block.type === 'text' ? { ...block, text: '' } : { ...block, input: {} };
  const delta =
    block.type === 'text'
      ? { type: 'text_delta', text: block.text }
      : { type: 'input_json_delta', partial_json: JSON.stringify(block.input) };
  const start = { type: 'content_block_start', index, content_block: opened };
  const change = { type: 'content_block_delta', index, delta };
  return [start, change, { type: 'content_block_stop', index } as { type: string }];
}

function blocks(turn: Answer): Block[] {
  const text: Block[] = turn.text === undefined ? [] : [{ type: 'text', text: turn.text }];
  if (turn.kind !== 'tools') return text;
  return [
    ...text,
    ...turn.tools.map(
      (tool): Block => ({ type: 'tool_use', id: `toolu_${randomUUID().replaceAll('-', '')}`, ...tool }),
    ),
  ];
}

function stopReason(content: readonly Block[]): string {
  return content.some((block) => block.type === 'tool_use') ? 'tool_use' : 'end_turn';
}

function usageOf(turn: Answer): TurnUsage {
  return turn.kind === 'cut' ? USAGE : { ...USAGE, ...turn.usage };
}
