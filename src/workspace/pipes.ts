import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

/** Keeps the first `limit` bytes of a stream, and says once that there were more. */
export function collect(stream: Readable, limit: number, onLimit: () => void) {
  const chunks: Buffer[] = [];
  let room = limit;
  let truncated = false;
  stream.on('data', (chunk: Buffer) => {
    if (chunk.length > room) {
      truncated = true;
      onLimit();
    }
    if (room > 0) chunks.push(chunk.subarray(0, room));
    room = Math.max(0, room - chunk.length);
  });
  return { bytes: () => Buffer.concat(chunks), truncated: () => truncated };
}

/** Keeps the last `limit` characters of a stream. */
export function tail(stream: Readable, limit: number): () => string {
  let text = '';
  stream.setEncoding('utf8');
  stream.on('data', (chunk: string) => {
    text = (text + chunk).slice(-limit);
  });
  return () => text;
}

/**
 * Writes all of `source` and ends. A process that stops reading early says why by its exit code, so a broken pipe is
 * no error here.
 */
export async function feed(
  source: Readable | string | undefined,
  stdin: NodeJS.WritableStream,
): Promise<void> {
  try {
    await pipeline(source === undefined || typeof source === 'string' ? [source ?? ''] : source, stdin);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? '';
    if (!['EPIPE', 'ECONNRESET', 'ERR_STREAM_PREMATURE_CLOSE'].includes(code)) throw error;
  }
}
