import { setTimeout } from 'node:timers/promises';
import type { Command } from 'commander';
import { ForgeError } from '../errors.ts';
import { theDaemon } from './daemon.ts';
import { note, print } from './output.ts';
import { isAlive } from './process-alive.ts';

const POLL_MS = 50;
const DEADLINE_MS = 5 * 60_000;

export function addStop(program: Command): void {
  program
    .command('stop')
    .description('end the daemon; running containers are paused, and resumed at the next start')
    .option('--now', 'stop the containers instead; their work is kept')
    .action((options: { now?: true }) => stop(options));
}

/** Resolves when the daemon's process is gone. Throws `not_running`, and `unavailable` when it takes too long. */
export async function stop(options: { now?: true }): Promise<void> {
  const daemon = await theDaemon();
  const { pid } = (await daemon.status()).daemon;
  await daemon.stop({ now: options.now === true });
  note(`waiting for the daemon to end (pid ${pid})`);
  const deadline = Date.now() + DEADLINE_MS;
  while (pid !== null && isAlive(pid)) {
    if (Date.now() > deadline) throw stillThere(pid);
    await setTimeout(POLL_MS);
  }
  print('forge has stopped');
}

function stillThere(pid: number): ForgeError {
  return new ForgeError(`the daemon (pid ${pid}) has not ended after ${DEADLINE_MS / 60_000} minutes`, {
    category: 'unavailable',
    service: 'forge',
    next: 'Wait, or use forge stop --now',
  });
}
