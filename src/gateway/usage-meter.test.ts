import { expect, test } from 'vitest';
import { messageBody, messageEvents, type Turn } from '../../test/support/messages-turn.ts';
import { randomChunks, seededRandom } from '../../test/support/random.ts';
import { type ModelUsage, usageMeter } from './usage-meter.ts';

const turn: Extract<Turn, { kind: 'say' }> = {
  kind: 'say',
  text: 'An answer that talks of message_start and "usage":{"input_tokens":9} itself. 🐢',
  usage: {
    input_tokens: 12,
    output_tokens: 34,
    cache_read_input_tokens: 5600,
    cache_creation_input_tokens: 780,
  },
};
const counted: ModelUsage = {
  model: 'some-model',
  inputTokens: 12,
  outputTokens: 34,
  cacheReadTokens: 5600,
  cacheWriteTokens: 780,
};

function meter(contentType: string | undefined, ...chunks: (string | Buffer)[]): ModelUsage | null {
  const subject = usageMeter(contentType);
  for (const chunk of chunks) subject.write(Buffer.from(chunk));
  return subject.total();
}

test('counts a streamed answer however it is cut', () => {
  const bytes = Buffer.from(messageEvents(turn, 'some-model').join(''));
  const random = seededRandom(11);
  for (let round = 0; round < 200; round++) {
    const chunks = randomChunks(bytes, random, 1 + round);
    expect(meter('text/event-stream; charset=utf-8', ...chunks)).toEqual(counted);
  }
});

test('keeps what a stream told before it broke off', () => {
  const [start = ''] = messageEvents(turn, 'some-model');
  expect(meter('text/event-stream', start)).toEqual({ ...counted, outputTokens: 1 });
});

test('takes the last running total', () => {
  const delta = (output: number) => `data: {"type":"message_delta","usage":{"output_tokens":${output}}}\n\n`;
  const [start = ''] = messageEvents(turn, 'some-model');
  expect(meter('text/event-stream', start, delta(5), delta(900))?.outputTokens).toBe(900);
});

test('counts an answer in one piece', () => {
  const body = Buffer.from(JSON.stringify(messageBody(turn, 'some-model')));
  expect(meter('application/json', body.subarray(0, 50), body.subarray(50))).toEqual(counted);
});

test('knows nothing of answers without usage, broken ones and ones too large to keep', () => {
  expect(meter('application/json', '{"input_tokens":100}')).toBeNull();
  expect(meter('application/json', '{"usage":{"input_tokens":"many"}}')).toBeNull();
  expect(meter('application/json', JSON.stringify(messageBody(turn, 'm')).slice(0, -1))).toBeNull();
  expect(meter('application/json', '[', ' '.repeat(9_000_000), ']')).toBeNull();
  expect(
    meter('text/event-stream', 'data: message_start\n\n', 'data: {"type":"message_stop"}\n\n'),
  ).toBeNull();
  expect(meter(undefined, '')).toBeNull();
});
