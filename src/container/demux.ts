import { ForgeError } from '../errors.ts';
import type { Frame, StreamName } from './engine.ts';

const HEADER_BYTES = 8;
/** Engines write frames of some ten KiB; a far longer one means that we lost step with the stream. */
const MAX_FRAME_BYTES = 16 * 1024 ** 2;

/**
 * Takes the engine's multiplexed output apart, iteratively and without copying: a frame that arrives in several
 * chunks is handed on in as many pieces. The source is read only as fast as the frames are taken. Throws
 * `unavailable` when the stream breaks off inside a frame or is not in this format (a TTY's, for example).
 */
export async function* demux(source: AsyncIterable<Buffer>): AsyncGenerator<Frame, void, undefined> {
  const header = Buffer.alloc(HEADER_BYTES);
  let headerFilled = 0;
  let stream: StreamName = 'stdout';
  let left = 0;
  for await (const chunk of source) {
    let at = 0;
    while (at < chunk.length) {
      if (left > 0) {
        const end = Math.min(at + left, chunk.length);
        left -= end - at;
        yield { stream, bytes: chunk.subarray(at, end) };
        at = end;
        continue;
      }
      const copied = chunk.copy(header, headerFilled, at, at + HEADER_BYTES - headerFilled);
      at += copied;
      headerFilled += copied;
      if (headerFilled === HEADER_BYTES) {
        headerFilled = 0;
        stream = streamName(header.readUInt8(0));
        left = frameLength(header.readUInt32BE(4));
      }
    }
  }
  if (left > 0 || headerFilled > 0) throw broken('broke off inside a frame');
}

function streamName(type: number): StreamName {
  if (type === 1) return 'stdout';
  if (type === 2) return 'stderr';
  throw broken(`has a frame of the unknown type ${type}`);
}

function frameLength(length: number): number {
  if (length > MAX_FRAME_BYTES) throw broken(`announces a frame of ${length} bytes`);
  return length;
}

function broken(what: string): ForgeError {
  return new ForgeError(`the container's output ${what}`, { category: 'unavailable', service: 'docker' });
}
