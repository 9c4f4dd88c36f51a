import { describe, expect, it } from 'vitest';
import { demux } from './demux.ts';
import type { StreamName } from './engine.ts';

const TYPES = { stdout: 1, stderr: 2 };

describe('demux', () => {
  it('is byte-exact however the stream is cut', async () => {
    const random = seeded(20_261_120);
    for (let round = 0; round < 3000; round += 1) {
      const frames = randomFrames(random);
      const chunks = cut(Buffer.concat(frames.map(encode)), random, round % 3 === 0 ? 1 : 40);
      expect(await collect(chunks)).toEqual(joined(frames));
    }
  });

  it('takes a chunk of many tiny frames without recursion', async () => {
    const frame = encode({ stream: 'stdout', bytes: Buffer.from('x') });
    const { stdout } = await collect([Buffer.concat(Array.from({ length: 200_000 }, () => frame))]);
    expect(stdout.length).toBe(200_000);
  });

  it('hands payload on without copying it', async () => {
    const chunk = encode({ stream: 'stdout', bytes: Buffer.from('payload') });
    for await (const { bytes } of demux(source([chunk]))) expect(bytes.buffer).toBe(chunk.buffer);
  });

  it('reads no further than its frames are taken', async () => {
    let pulled = 0;
    async function* counted() {
      for (;;) {
        pulled += 1;
        yield encode({ stream: 'stdout', bytes: Buffer.alloc(1024) });
      }
    }
    const frames = demux(counted());
    await frames.next();
    await frames.next();
    expect(pulled).toBe(2);
    await frames.return();
  });

  it('hands on what it has before it reports a truncated tail', async () => {
    const whole = encode({ stream: 'stderr', bytes: Buffer.from('abcdef') });
    for (const length of [1, 7, 8, 9, 13]) {
      const got: string[] = [];
      const reading = (async () => {
        for await (const { bytes } of demux(source([whole, whole.subarray(0, length)])))
          got.push(bytes.toString());
      })();
      await expect(reading).rejects.toMatchObject({ category: 'unavailable', service: 'docker' });
      expect(got.join('')).toBe('abcdef'.concat('abcdef'.slice(0, Math.max(0, length - 8))));
    }
  });

  it('refuses an unknown stream and an absurd length instead of waiting for it', async () => {
    await expect(collect([Buffer.from('plain text of a TTY')])).rejects.toThrow('unknown type 112');
    await expect(collect([Buffer.from([3, 0, 0, 0, 0, 0, 0, 1, 65])])).rejects.toThrow('unknown type 3');
    await expect(collect([Buffer.from([1, 0, 0, 0, 255, 255, 255, 255])])).rejects.toThrow(
      '4294967295 bytes',
    );
  });
});

interface TestFrame {
  stream: StreamName;
  bytes: Buffer;
}

function encode({ stream, bytes }: TestFrame): Buffer {
  const header = Buffer.alloc(8);
  header.writeUInt8(TYPES[stream], 0);
  header.writeUInt32BE(bytes.length, 4);
  return Buffer.concat([header, bytes]);
}

function randomFrames(random: () => number): TestFrame[] {
  return Array.from({ length: Math.floor(random() * 12) }, () => ({
    stream: random() < 0.5 ? 'stdout' : 'stderr',
    bytes: Buffer.from(
      Array.from({ length: Math.floor(random() ** 3 * 60) }, () => Math.floor(random() * 256)),
    ),
  }));
}

function cut(bytes: Buffer, random: () => number, longest: number): Buffer[] {
  const chunks: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = at + Math.floor(random() * (longest + 1));
    chunks.push(bytes.subarray(at, end));
    at = end;
  }
  return chunks;
}

function joined(frames: readonly TestFrame[]): Record<StreamName, Buffer> {
  const of = (name: StreamName) => Buffer.concat(frames.filter((f) => f.stream === name).map((f) => f.bytes));
  return { stdout: of('stdout'), stderr: of('stderr') };
}

async function collect(chunks: readonly Buffer[]): Promise<Record<StreamName, Buffer>> {
  const frames: TestFrame[] = [];
  for await (const frame of demux(source(chunks))) frames.push(frame);
  return joined(frames);
}

async function* source(chunks: readonly Buffer[]): AsyncGenerator<Buffer> {
  yield* chunks;
}

/** mulberry32 */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}
