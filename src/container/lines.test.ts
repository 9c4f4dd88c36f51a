import { describe, expect, it } from 'vitest';
import type { StreamName } from './engine.ts';
import { CUT_MARKER, LineSplitter, MAX_LINE_BYTES } from './lines.ts';

describe('LineSplitter', () => {
  it('keeps the streams apart and takes the last line without an end only at the finish', () => {
    const splitter = new LineSplitter();
    expect(texts(splitter, 'stdout', 'one\ntw')).toEqual(['one']);
    expect(texts(splitter, 'stderr', 'err\r\n')).toEqual(['err']);
    expect(texts(splitter, 'stdout', 'o\n\nthr\ree')).toEqual(['two', '']);
    expect(splitter.finish()).toEqual([{ stream: 'stdout', text: 'thr\ree' }]);
    expect(splitter.finish()).toEqual([]);
  });

  it('puts characters together that frames cut in two', () => {
    const splitter = new LineSplitter();
    const bytes = Buffer.from('añ€😀z\nrest\n');
    const lines = [...bytes].flatMap((byte) =>
      splitter.push({ stream: 'stdout', bytes: Buffer.from([byte]) }),
    );
    expect(lines.map(({ text }) => text)).toEqual(['añ€😀z', 'rest']);
  });

  it('cuts an endless line at its limit, between characters, whether it comes whole or in pieces', () => {
    const long = `${'x'.repeat(MAX_LINE_BYTES - 1)}é${'y'.repeat(MAX_LINE_BYTES)}`;
    const expected = 'x'.repeat(MAX_LINE_BYTES - 1) + CUT_MARKER;
    for (const size of [7, 1000, 10_000_000]) {
      const splitter = new LineSplitter();
      const got = pieces(`${long}\nnext\n`, size).flatMap((piece) => texts(splitter, 'stdout', piece));
      expect(got).toEqual([expected, 'next']);
    }
  });

  it('leaves a line of just the limit whole', () => {
    const line = 'é'.repeat(MAX_LINE_BYTES / 2);
    expect(texts(new LineSplitter(), 'stdout', `${line}\n`)).toEqual([line]);
    const splitter = new LineSplitter();
    expect(pieces(`${line}\n`, 999).flatMap((piece) => texts(splitter, 'stdout', piece))).toEqual([line]);
  });

  it('holds no more than the limit of a line of 256 MiB', () => {
    const splitter = new LineSplitter();
    const frame = { stream: 'stdout' as const, bytes: Buffer.alloc(1024 ** 2, 'x') };
    const before = process.memoryUsage().arrayBuffers;
    for (let i = 0; i < 256; i += 1) splitter.push(frame);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 * MAX_LINE_BYTES);
    expect(splitter.finish()[0]?.text).toHaveLength(MAX_LINE_BYTES - 1 + CUT_MARKER.length);
  });
});

function texts(splitter: LineSplitter, stream: StreamName, text: string | Buffer): string[] {
  return splitter.push({ stream, bytes: Buffer.from(text) }).map((line) => line.text);
}

function pieces(text: string, size: number): Buffer[] {
  const bytes = Buffer.from(text);
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
    bytes.subarray(i * size, (i + 1) * size),
  );
}
