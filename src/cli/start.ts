import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { homePaths } from '../config/home-paths.ts';
import { here } from './here.ts';

export function addStart(program: Command): void {
  program
    .command('start')
    .description('start the daemon; returns when it is ready')
    .option('--foreground', 'be the daemon, until a signal or forge stop ends it')
    .action((options: { foreground?: true }) => (options.foreground ? startForeground() : startDetached()));
}

/** Settings are checked before anything is started; the daemon then reads them again, from the same places. */
export async function startDetached(): Promise<void> {
  const [{ loadConfig }, { spawnDaemon }, { tellReady }] = await Promise.all([
    import('../config/load-config.ts'),
    import('./spawn-daemon.ts'),
    import('./announce.ts'),
  ]);
  const { daemonLog } = homePaths(loadConfig(here()).config.home);
  mkdirSync(dirname(daemonLog), { recursive: true, mode: 0o700 });
  const forge = fileURLToPath(new URL('../../bin/forge.js', import.meta.url));
  tellReady(await spawnDaemon({ args: [forge, 'start', '--foreground'], logFile: daemonLog }));
}

async function startForeground(): Promise<void> {
  const { announcer } = await import('./announce.ts');
  const announce = announcer();
  try {
    const { loadConfig } = await import('../config/load-config.ts');
    const loaded = loadConfig(here());
    const { runDaemon } = await import('../daemon/main.ts');
    await runDaemon(loaded, { onReady: announce.ready });
    // Everything is closed, but an image that is still being built would hold the process until it is done.
    process.exit(0);
  } catch (error) {
    await announce.failed(error);
    throw error;
  }
}
