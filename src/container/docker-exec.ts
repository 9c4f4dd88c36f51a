import { randomUUID } from 'node:crypto';
import type { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import type { Container, Exec } from 'dockerode';
import { demux } from './demux.ts';
import type { ExecRequest, ExecResult } from './engine.ts';
import { Tail } from './tail.ts';

const KILL_GRACE_MS = 5_000;
const MAX_POLL_MS = 500;

/**
 * The engine cannot end an exec, so its processes carry a marker in their environment, and this script, which needs
 * no more than busybox, kills all that do, detached ones too. Several passes, because they may fork meanwhile.
 */
const KILL_SCRIPT = `
for pass in 1 2 3 4 5; do
  found=
  for dir in /proc/[0-9]*; do
    if { tr '\\0' '\\n' <"$dir/environ"; } 2>/dev/null | grep -qxF "FORGE_EXEC=$1"; then
      kill -KILL "\${dir#/proc/}" 2>/dev/null && found=1
    fi
  done
  [ "$found" ] || exit 0
done`;

/**
 * Runs a command to its end or its deadline. What hides from the kill (by clearing its environment) lives on until
 * the container is removed. Rejects with the signal's reason on abort, after the same kill.
 */
export async function execIn(container: Container, request: ExecRequest): Promise<ExecResult> {
  const marker = randomUUID();
  const startedAt = performance.now();
  const exec = await createExec(container, request.command, { ...request.env, FORGE_EXEC: marker });
  const stream = await startExec(exec);
  const tail = new Tail(request.maxOutputBytes);
  const deadline = AbortSignal.any([request.signal, AbortSignal.timeout(request.timeoutMs)]);
  const drained = drain(stream, tail);
  try {
    const exitCode = await Promise.race([drained.then(() => exitCodeOf(exec, deadline)), nullOn(deadline)]);
    if (exitCode === null) {
      await killMarked(container, marker);
      await Promise.race([drained, delay(KILL_GRACE_MS)]);
    }
    request.signal.throwIfAborted();
    return { exitCode, output: tail.text(), durationMs: Math.round(performance.now() - startedAt) };
  } finally {
    stream.destroy();
  }
}

function createExec(
  container: Container,
  command: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<Exec> {
  return container.exec({
    Cmd: [...command],
    Env: Object.entries(env).map(([name, value]) => `${name}=${value}`),
    AttachStdout: true,
    AttachStderr: true,
    Tty: false,
  });
}

function startExec(exec: Exec): Promise<Readable> {
  return exec.start({ hijack: true, stdin: false, Detach: false, Tty: false });
}

async function drain(stream: Readable, tail: Tail): Promise<void> {
  for await (const { bytes } of demux(stream)) tail.push(bytes);
}

/** The output's end can come before the process's: it may have closed its streams, or the engine lags behind. */
async function exitCodeOf(exec: Exec, deadline: AbortSignal): Promise<number | null> {
  for (let pause = 5; !deadline.aborted; pause = Math.min(pause * 2, MAX_POLL_MS)) {
    const { Running, ExitCode } = await exec.inspect();
    if (!Running) return ExitCode;
    await Promise.race([delay(pause), nullOn(deadline)]);
  }
  return null;
}

async function killMarked(container: Container, marker: string): Promise<void> {
  const exec = await createExec(container, ['sh', '-c', KILL_SCRIPT, 'sh', marker], {});
  const stream = await startExec(exec);
  const isDone = drain(stream, new Tail(1024));
  await Promise.race([isDone, delay(KILL_GRACE_MS)]);
  stream.destroy();
}

function nullOn(signal: AbortSignal): Promise<null> {
  if (signal.aborted) return Promise.resolve(null);
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(null), { once: true }));
}
