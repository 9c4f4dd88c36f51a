import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Config } from '../config/config.ts';
import { ForgeError } from '../errors.ts';
import { hasProgram, installPackages, isDebianRoot } from './debian-host.ts';
import type { ContainerEngine, OnProgress } from './engine.ts';
import { failureOf } from './failure-of.ts';
import { runHostProgram } from './host-program.ts';
import { DEBIAN_BASE, DEFAULT_BASE_IMAGE } from './versions.ts';

const DEBOOTSTRAP_TIMEOUT_MS = 15 * 60_000;
const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';

interface BaseImageRequest {
  engine: ContainerEngine;
  config: Pick<Config, 'baseImage'>;
  onProgress: OnProgress;
}

/**
 * The image that `Dockerfile.agent` builds on: the operator's, else the default from its registry, else one made
 * here from Debian's packages (root on Debian or Ubuntu; under a minute). What the engine has already is used.
 */
export async function ensureBaseImage({ engine, config, onProgress }: BaseImageRequest): Promise<string> {
  if (config.baseImage !== null) {
    if ((await engine.imageId(config.baseImage)) === null) await engine.pull(config.baseImage, onProgress);
    return config.baseImage;
  }
  for (const known of [DEFAULT_BASE_IMAGE, debianTag()]) {
    if ((await engine.imageId(known)) !== null) return known;
  }
  onProgress(`Pulling ${DEFAULT_BASE_IMAGE}`);
  const notPulled = await failureOf(engine.pull(DEFAULT_BASE_IMAGE, onProgress));
  if (notPulled === null) return DEFAULT_BASE_IMAGE;
  if (!(await canBootstrap(engine))) throw noBase(notPulled);
  onProgress(`${notPulled.message}; building a base image from Debian packages instead`);
  const notBuilt = await failureOf(bootstrapDebian(engine, debianTag(), onProgress));
  if (notBuilt !== null) throw noBase(notBuilt);
  return debianTag();
}

/** Builds the Debian base under this tag. Two at once do no harm: each has its own directory, the tag is set at the end. */
export async function bootstrapDebian(
  engine: ContainerEngine,
  tag: string,
  onProgress: OnProgress,
): Promise<void> {
  if (!hasProgram('debootstrap'))
    await installPackages(['debootstrap', 'debian-archive-keyring'], onProgress);
  const dir = await mkdtemp(join(tmpdir(), 'forge-base-'));
  try {
    const include = `--include=${DEBIAN_BASE.packages.join(',')}`;
    const options = { onLine: onProgress, timeoutMs: DEBOOTSTRAP_TIMEOUT_MS };
    const args = ['--variant=minbase', include, `--keyring=${KEYRING}`, DEBIAN_BASE.suite, dir];
    await runHostProgram('debootstrap', args, options);
    onProgress(`Importing ${tag}`);
    await importTree(engine, dir, tag);
  } finally {
    await removeTree(dir);
  }
}

function debianTag(): string {
  const recipe = createHash('sha256').update(JSON.stringify(DEBIAN_BASE)).digest('hex');
  return `forge-base:${DEBIAN_BASE.suite}-${recipe.slice(0, 8)}`;
}

async function canBootstrap(engine: ContainerEngine): Promise<boolean> {
  const { architecture } = await engine.ping();
  return (
    isDebianRoot() && architecture === process.arch && (hasProgram('debootstrap') || hasProgram('apt-get'))
  );
}

async function importTree(engine: ContainerEngine, dir: string, tag: string): Promise<void> {
  const left = ['./proc/*', './sys/*', './dev/*', './var/cache/apt/*', './var/lib/apt/lists/*'];
  const args = ['--numeric-owner', ...left.map((path) => `--exclude=${path}`), '-C', dir, '-c', '.'];
  const tar = spawn('tar', args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const packed = new Promise<void>((resolve, reject) => {
    tar.on('error', reject);
    tar.on('close', (code) => (code === 0 ? resolve() : reject(notPacked(code))));
  });
  try {
    await Promise.all([engine.importImage(tar.stdout, tag), packed]);
  } finally {
    tar.kill();
  }
}

/** A debootstrap that was interrupted can leave /proc mounted inside; nothing of another file system is touched. */
async function removeTree(dir: string): Promise<void> {
  const options = { onLine: () => {}, timeoutMs: 60_000 };
  // The usual failure is that nothing is mounted there.
  for (const mount of ['proc', 'sys']) await failureOf(runHostProgram('umount', [join(dir, mount)], options));
  await runHostProgram('rm', ['-rf', '--one-file-system', dir], options);
}

function notPacked(code: number | null): ForgeError {
  return new ForgeError(`tar ended with ${code}`, { category: 'unavailable', service: 'docker' });
}

function noBase(cause: ForgeError): ForgeError {
  return new ForgeError(`there is no base image for agents: ${cause.message}`, {
    category: cause.category,
    service: 'docker',
    next: `Set FORGE_BASE_IMAGE to a Debian image that the engine has, or make ${DEFAULT_BASE_IMAGE} available to it`,
    cause,
  });
}
