import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { ForgeError } from '../errors.ts';
import type { EngineFacts, OnProgress } from './engine.ts';
import { runHostProgram } from './host-program.ts';
import type { PinnedPackage } from './versions.ts';

const NPM_TIMEOUT_MS = 15 * 60_000;
/** npm has no business with these. */
const SECRETS = /^(GITHUB|GH|ANTHROPIC|CLAUDE|OPENAI|GEMINI)_/;

interface PackageRequest {
  home: string;
  pinned: PinnedPackage;
  architecture: EngineFacts['architecture'];
  onProgress: OnProgress;
}

/**
 * The path of the package's archive in `$FORGE_HOME/cache/packages`, fetched by the host's npm (with its registry,
 * proxy and certificates) on first use. Its content is checked against the pinned integrity each time; throws
 * `invalid` when the registry delivers something else.
 */
export async function fetchPackage(request: PackageRequest): Promise<string> {
  const { pinned, architecture, onProgress } = request;
  const { name, integrity } = pinned.builds[architecture];
  const cache = join(request.home, 'cache/packages');
  const file = join(cache, `${name.replace('@', '').replace('/', '-')}-${pinned.version}.tgz`);
  if ((await integrityOf(file)) === integrity) return file;
  onProgress(`Fetching ${name} ${pinned.version}`);
  await mkdir(cache, { recursive: true });
  const dir = await mkdtemp(join(cache, 'fetch-'));
  try {
    const fetched = await npmPack(`${name}@${pinned.version}`, dir);
    const actual = await integrityOf(fetched);
    if (actual !== integrity) throw tampered(`${name}@${pinned.version}`, integrity, actual);
    await rename(fetched, file);
  } finally {
    await rm(dir, { recursive: true });
  }
  return file;
}

async function npmPack(spec: string, dir: string): Promise<string> {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !SECRETS.test(name)));
  await runHostProgram('npm', ['pack', spec, '--ignore-scripts', '--pack-destination', dir], {
    onLine: () => {},
    timeoutMs: NPM_TIMEOUT_MS,
    cwd: dir,
    env,
  });
  const archive = (await readdir(dir)).find((name) => name.endsWith('.tgz'));
  if (archive === undefined) {
    throw new ForgeError(`npm left no archive of ${spec}`, { category: 'internal', service: 'docker' });
  }
  return join(dir, archive);
}

/** null: there is no such file. */
async function integrityOf(file: string): Promise<string | null> {
  const hash = createHash('sha512');
  try {
    await pipeline(createReadStream(file), hash);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
  return `sha512-${hash.digest('base64')}`;
}

function tampered(spec: string, expected: string, actual: string | null): ForgeError {
  return new ForgeError(`the npm registry delivers another ${spec} than forge was made with`, {
    category: 'invalid',
    service: 'docker',
    next: 'Check the registry that npm is set to use; do not use this archive',
    data: { expected, actual },
  });
}
