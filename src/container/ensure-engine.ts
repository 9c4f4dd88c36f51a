import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { ForgeError } from '../errors.ts';
import { hasProgram, installPackages, isDebianRoot } from './debian-host.ts';
import { connectDocker } from './docker-engine.ts';
import type { ContainerEngine, OnProgress } from './engine.ts';
import { failureOf } from './failure-of.ts';
import { runHostProgram } from './host-program.ts';

const START_TIMEOUT_MS = 60_000;
/** What a service manager gets before dockerd is started without it. */
const SERVICE_TIMEOUT_MS = 20_000;
const POLL_MS = 250;
const LOG_FILE = '/var/log/dockerd.log';

/**
 * An engine that answers. Where none does, and forge is root on Debian or Ubuntu and no DOCKER_HOST names another,
 * Docker is installed and started; anywhere else this throws with what to install.
 */
export async function ensureEngine({
  dockerHost,
  onProgress,
}: {
  dockerHost: string | null;
  onProgress: OnProgress;
}): Promise<ContainerEngine> {
  const engine = connectDocker(dockerHost);
  const failure = await failureOf(engine.ping());
  if (failure === null) return engine;
  if (dockerHost !== null || failure.category !== 'unavailable') throw failure;
  if (!isDebianRoot()) throw noEngine(failure);
  if (!hasProgram('dockerd')) {
    onProgress('Installing docker.io');
    await installPackages(['docker.io'], onProgress);
  }
  onProgress('Starting Docker');
  if (!(await startService(onProgress)) || !(await answers(engine, SERVICE_TIMEOUT_MS))) {
    await startDetached();
    if (!(await answers(engine, START_TIMEOUT_MS))) throw notStarted();
  }
  return engine;
}

/** False where no service manager could start it, as in most containers. */
async function startService(onProgress: OnProgress): Promise<boolean> {
  const [command, args] = existsSync('/run/systemd/system')
    ? (['systemctl', ['start', 'docker']] as const)
    : (['service', ['docker', 'start']] as const);
  const options = { onLine: onProgress, timeoutMs: START_TIMEOUT_MS };
  const failure = await failureOf(runHostProgram(command, args, options));
  if (failure !== null) onProgress(failure.message);
  return failure === null;
}

async function startDetached(): Promise<void> {
  const log = await open(LOG_FILE, 'a');
  try {
    const child = spawn('dockerd', [], { detached: true, stdio: ['ignore', log.fd, log.fd] });
    await new Promise((resolve, reject) => child.once('spawn', resolve).once('error', reject));
    child.unref();
  } finally {
    await log.close();
  }
}

async function answers(engine: ContainerEngine, timeoutMs: number): Promise<boolean> {
  const deadline = performance.now() + timeoutMs;
  while (performance.now() < deadline) {
    if ((await failureOf(engine.ping())) === null) return true;
    await delay(POLL_MS);
  }
  return false;
}

function noEngine(cause: ForgeError): ForgeError {
  return new ForgeError('there is no container engine', {
    category: 'unavailable',
    service: 'docker',
    next: 'Install and start Docker Engine (on Debian or Ubuntu: `sudo apt-get install docker.io`) or Podman’s service',
    cause,
  });
}

function notStarted(): ForgeError {
  return new ForgeError('Docker was started and does not answer', {
    category: 'unavailable',
    service: 'docker',
    next: `Read ${LOG_FILE}, or start Docker yourself`,
  });
}
