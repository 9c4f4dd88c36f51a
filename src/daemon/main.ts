import { rm } from 'node:fs/promises';
import pino from 'pino';
import { serveApi } from '../api/server.ts';
import { runAttempt } from '../attempt/run-attempt.ts';
import { Closing } from '../closing.ts';
import { homePaths } from '../config/home-paths.ts';
import type { LoadedConfig } from '../config/load-config.ts';
import { SECRET_KEYS } from '../config/settings.ts';
import { forgeVersion } from '../config/version.ts';
import { checkAccess, refusalToStart } from '../github/access.ts';
import { Announcer } from '../pull-request/announcer.ts';
import { Dispatcher } from '../queue/dispatcher.ts';
import type { Rooms } from '../rooms.ts';
import { acquireInstanceLock } from '../store/instance-lock.ts';
import { openDatabase } from '../store/open-database.ts';
import { watch } from '../trigger/watcher.ts';
import { composeRooms } from './compose.ts';
import { daemonControl } from './control.ts';
import { requireEngine } from './engine-check.ts';
import { layOutHome } from './home.ts';
import { recover } from './recover.ts';
import { stopRequest } from './stop-request.ts';

export interface DaemonHooks {
  /** Everything answers: lock, database, engine, GitHub, control socket. */
  onReady(info: { pid: number; warnings: readonly string[] }): void;
}

/**
 * The daemon from start to drained end. Throws a `ForgeError` when it cannot start, and then leaves nothing running.
 * SIGTERM and SIGINT drain it, a second one ends the process at once.
 */
export async function runDaemon(loaded: LoadedConfig, hooks: DaemonHooks): Promise<void> {
  const closing = new Closing();
  try {
    await serve(loaded, hooks, closing);
  } finally {
    await closing.close();
  }
}

async function serve({ config, secrets }: LoadedConfig, hooks: DaemonHooks, closing: Closing): Promise<void> {
  // They are read; the programs that forge starts (npm, tar, git) shall not inherit them.
  for (const key of SECRET_KEYS) delete process.env[key];
  await layOutHome(config.home);
  const paths = homePaths(config.home);
  const lock = acquireInstanceLock(paths.lock);
  closing.defer(() => lock.release());

  const logger = pino(
    { level: config.logLevel, base: { pid: process.pid } },
    pino.destination({ fd: 2, sync: true }),
  );
  const db = openDatabase(paths.database);
  closing.defer(() => db.close());
  const rooms = await composeRooms(config, secrets, db, logger);
  await requireEngine(rooms.engine);
  const warnings = await requireGitHub(rooms);
  await recover(rooms);

  const stopping = stopRequest(logger);
  closing.defer(() => stopping.dispose());
  const dispatcher = new Dispatcher({ ...rooms, attempt: (task, signal) => runAttempt(task, rooms, signal) });
  await rm(paths.socket, { force: true });
  const startedAt = rooms.clock.now();
  const handlers = daemonControl({ rooms, dispatcher, startedAt, stop: stopping.request });
  const api = await serveApi({ socketPath: paths.socket, handlers, logger });
  closing.defer(() => api.close());

  prepareImage(rooms);
  dispatcher.start();
  const loops = [watch({ ...rooms, signal: stopping.signal }), new Announcer(rooms).run(stopping.signal)];
  logger.info({ version: forgeVersion(), repos: config.repos }, 'forge is ready');
  hooks.onReady({ pid: process.pid, warnings });

  const interruption = await stopping.requested;
  logger.info({ how: interruption.kind }, 'forge is stopping');
  await Promise.all([dispatcher.stop(interruption), ...loops]);
  logger.info('forge has stopped');
}

/** Throws when GitHub refuses the token or no repository answers; a single one that does not is a warning. */
async function requireGitHub({ github, config, logger }: Rooms): Promise<string[]> {
  const accesses = await checkAccess(github, config.repos);
  const refusal = refusalToStart(accesses);
  if (refusal !== null) throw refusal;
  const warnings = accesses.flatMap((access) =>
    access.kind === 'failed' ? [`${access.repo} cannot be watched: ${access.error.message}`] : [],
  );
  for (const warning of warnings) logger.warn(warning);
  return warnings;
}

/** Builds the agent's image while nothing is queued yet. A failure is told here, and again by the task that needs it. */
function prepareImage({ agentImage, config, logger }: Rooms): void {
  agentImage(config.agent).then(
    (image) => logger.info({ agent: config.agent, image }, 'the image is ready'),
    (error: unknown) => logger.error({ agent: config.agent, err: error }, 'the image could not be made'),
  );
}
