import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, fchmodSync, openSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { errorFromJson } from '../api/error-json.ts';
import { ForgeError } from '../errors.ts';
import type { Announcement, Readiness } from './announce.ts';

/** The daemon's own calls at its start have deadlines of seconds; this is for one that hangs all the same. */
const READY_MS = 120_000;
const GRACE_MS = 3000;

/**
 * Starts a process of its own session with this one's Node, environment and working directory, its output appended
 * to the log, and resolves when it says that it is ready. Throws what it says instead, or that it ended without a
 * word; it is gone by then.
 */
export async function spawnDaemon(options: {
  args: readonly string[];
  logFile: string;
  readyMs?: number;
}): Promise<Readiness> {
  const child = spawnDetached(options.args, options.logFile);
  try {
    const said = await announcement(child, options);
    if ('error' in said) {
      // It puts its things away and writes to its log, which a signal would cut short.
      await goneWithin(child, GRACE_MS);
      throw errorFromJson(said);
    }
    child.unref();
    return { pid: said.pid, warnings: said.warnings };
  } catch (error) {
    await end(child);
    throw error;
  } finally {
    if (child.connected) child.disconnect();
  }
}

function spawnDetached(args: readonly string[], logFile: string): ChildProcess {
  const log = openSync(logFile, 'a', 0o600);
  try {
    fchmodSync(log, 0o600);
    return spawn(process.execPath, args, { detached: true, stdio: ['ignore', log, log, 'ipc'] });
  } finally {
    closeSync(log);
  }
}

/** Whichever comes first: its message, its end, or the deadline. */
async function announcement(
  child: ChildProcess,
  { logFile, readyMs = READY_MS }: { logFile: string; readyMs?: number },
): Promise<Announcement> {
  const next = `See ${logFile}`;
  const settled = new AbortController();
  // What comes over this channel is of this same program.
  const heard = once(child, 'message', { signal: settled.signal }).then(
    (messages: unknown[]) => messages[0] as Announcement,
  );
  // `close` and not `exit`: it waits for messages that are still on their way.
  const ended = once(child, 'close', { signal: settled.signal }).then(([code, signal]: unknown[]): never => {
    const how = signal === null ? `exit code ${code}` : String(signal);
    throw new ForgeError(`the daemon ended before it was ready (${how})`, {
      category: 'internal',
      service: 'forge',
      next,
    });
  });
  const late = once(AbortSignal.timeout(readyMs), 'abort', { signal: settled.signal }).then((): never => {
    throw new ForgeError(`the daemon was not ready after ${readyMs / 1000} seconds`, {
      category: 'unavailable',
      service: 'forge',
      next,
    });
  });
  try {
    return await Promise.race([heard, ended, late]);
  } finally {
    settled.abort();
  }
}

/** Gently, then not: whatever it was doing, nothing of it stays. */
async function end(child: ChildProcess): Promise<void> {
  child.kill('SIGTERM');
  if (await goneWithin(child, GRACE_MS)) return;
  child.kill('SIGKILL');
  await goneWithin(child, GRACE_MS);
}

async function goneWithin(child: ChildProcess, ms: number): Promise<boolean> {
  const isGone = () => child.exitCode !== null || child.signalCode !== null || child.pid === undefined;
  if (isGone()) return true;
  await Promise.race([once(child, 'exit'), setTimeout(ms, undefined, { ref: false })]);
  return isGone();
}
