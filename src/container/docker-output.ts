import { addAbortSignal, type Readable } from 'node:stream';
import type { Container } from 'dockerode';
import { demux } from './demux.ts';
import { dockerError } from './docker-error.ts';
import type { Frame, StreamName } from './engine.ts';

/**
 * See `ContainerEngine.output`. Attaching to a container that was started loses or repeats what it prints meanwhile,
 * and to one that has ended it never returns; so only a new container is attached to, and others are read from the log.
 */
export async function containerOutput(
  container: Container,
  signal: AbortSignal,
): Promise<AsyncIterable<Frame>> {
  const { State } = await container.inspect();
  const isNew = State.Status === 'created';
  return translated(
    isNew ? demux(await attach(container, signal)) : replay(container, State.Running, signal),
  );
}

async function attach(container: Container, signal: AbortSignal): Promise<Readable> {
  const socket = await container.attach({ stream: true, stdout: true, stderr: true, hijack: true });
  return abortable(signal, socket);
}

/**
 * The log up to the container's end. Following it can miss the last, unterminated line, which the engine may write
 * after it has told followers that all is over; so what stands behind is read again once the container has ended.
 */
async function* replay(container: Container, isRunning: boolean, signal: AbortSignal): AsyncGenerator<Frame> {
  const seen = { stdout: 0, stderr: 0 };
  for await (const frame of demux(await log(container, signal))) {
    seen[frame.stream] += frame.bytes.length;
    yield frame;
  }
  if (!isRunning) return;
  await container.wait({ abortSignal: signal });
  yield* skipBytes(demux(await log(container, signal)), seen);
}

async function log(container: Container, signal: AbortSignal): Promise<Readable> {
  // Without `follow` dockerode would read the whole log into memory.
  return abortable(signal, await container.logs({ follow: true, stdout: true, stderr: true }));
}

async function* skipBytes(
  frames: AsyncIterable<Frame>,
  seen: Readonly<Record<StreamName, number>>,
): AsyncGenerator<Frame> {
  const left = { ...seen };
  for await (const { stream, bytes } of frames) {
    const skipped = Math.min(left[stream], bytes.length);
    left[stream] -= skipped;
    if (skipped < bytes.length) yield { stream, bytes: bytes.subarray(skipped) };
  }
}

async function* translated(frames: AsyncIterable<Frame>): AsyncGenerator<Frame> {
  try {
    yield* frames;
  } catch (error) {
    throw dockerError("read the container's output", error);
  }
}

/** dockerode types its streams as the older interface without `destroy`, but they are sockets and responses. */
function abortable(signal: AbortSignal, stream: NodeJS.ReadableStream): Readable {
  return addAbortSignal(signal, stream as Readable);
}
