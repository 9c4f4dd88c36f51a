import { createReadStream } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Sha } from '../task/ids.ts';
import type { Git, GitCommand } from './git.ts';
import { lastWords } from './git-failure.ts';
import { MAX_BLOB_BYTES, MAX_CHANGED_PATHS, MAX_PATH_BYTES, MAX_UNPACKED_BYTES } from './limits.ts';
import { parseInfo } from './objects.ts';
import { type Change, parseRawLog } from './raw-log.ts';

/** How the checks see the objects: the mirror's and the quarantine's together. */
export type Sight = Pick<GitCommand, 'gitDir' | 'env' | 'signal'>;

export interface Result {
  startSha: Sha;
  tip: Sha;
  /** The object directory that holds the one new pack. */
  quarantine: string;
}

/**
 * Whether the new commits may enter the mirror: complete, built on the start, made of handed-over objects only, without
 * submodules, and within the limits. Returns the reason against it, or null.
 */
export async function checkResult(git: Git, sight: Sight, result: Result): Promise<string | null> {
  return (
    (await checkDescent(git, sight, result)) ??
    (await checkObjects(git, sight, result)) ??
    (await checkChanges(git, sight, result))
  );
}

async function checkDescent(git: Git, sight: Sight, { startSha, tip }: Result): Promise<string | null> {
  const type = await git.run({ ...sight, args: ['cat-file', '-t', tip] });
  if (type.stdout.toString().trim() !== 'commit')
    return `out/tip names ${tip}, which is not a commit of out/pack`;
  const descent = await git.run({ ...sight, args: ['merge-base', '--is-ancestor', startSha, tip] });
  return descent.exitCode === 0 ? null : `the result is not built on ${startSha}, where the agent began`;
}

/** The history that is public, or that the agent was given. */
function known({ startSha }: Result): string[] {
  return [startSha, '--glob=refs/remotes/origin/*'];
}

/** What the result adds to that. */
function added(result: Result): string[] {
  return [result.tip, '--not', ...known(result)];
}

/**
 * Every object must be there, and must have come in the pack or be part of the known history: the mirror also holds
 * what other attempts made, and a result that merely names that would publish it.
 */
async function checkObjects(git: Git, sight: Sight, result: Result): Promise<string | null> {
  const listing = await git.run({ ...sight, args: [...LIST_OBJECTS, ...added(result)] });
  if (listing.exitCode !== 0) return `the result is not complete: ${lastWords(listing.stderr, [])}`;
  const packed = await packedIds(git, sight, result.quarantine);
  const others = lines(listing.stdout).filter((id) => !packed.has(id));
  if (others.length === 0) return null;
  // What `--not` leaves out is exact only near the border; an old version of a file is found in the whole history.
  const history = await git.do({ ...sight, args: [...LIST_OBJECTS, ...known(result)] });
  const old = new Set(lines(history.stdout));
  const foreign = others.find((id) => !old.has(id));
  return foreign === undefined ? null : `the result names ${foreign}, which is not in out/pack`;
}

const LIST_OBJECTS = ['rev-list', '--objects', '--no-object-names'];

function lines(output: Buffer): string[] {
  return output.toString('latin1').split('\n').slice(0, -1);
}

async function packedIds(git: Git, sight: Sight, quarantine: string): Promise<Set<string>> {
  const names = await readdir(join(quarantine, 'pack'));
  const indexes = names.filter((name) => name.endsWith('.idx'));
  const ids = new Set<string>();
  for (const name of indexes) {
    const stdin = createReadStream(join(quarantine, 'pack', name));
    const { stdout } = await git.do({ ...sight, args: ['show-index'], stdin });
    for (const line of lines(stdout)) ids.add(line.split(' ')[1] ?? '');
  }
  return ids;
}

/**
 * `-c`: of a merge only what neither side had, so that merging the default branch counts for nothing. Submodules,
 * which forge's git passes over everywhere else, are what this looks for.
 */
const RAW_CHANGES = [
  '--raw',
  '-z',
  '-r',
  '-c',
  '--root',
  '--no-abbrev',
  '--no-renames',
  '--ignore-submodules=none',
];

async function checkChanges(git: Git, sight: Sight, result: Result): Promise<string | null> {
  const log = await git.do({
    ...sight,
    args: ['log', '--format=', ...RAW_CHANGES, ...added(result)],
    maxOutputBytes: MAX_CHANGED_PATHS * 256,
  });
  const changes = log.truncated ? null : parseRawLog(log.stdout);
  if (changes === null || changes.length > MAX_CHANGED_PATHS) {
    return `the result changes more than ${MAX_CHANGED_PATHS} paths`;
  }
  const refused = changes.map(refuseChange).find((reason) => reason !== null);
  return refused ?? (await checkSizes(git, sight, changes));
}

function refuseChange({ mode, path }: Change): string | null {
  if (mode === '160000') return `the result adds a submodule or nested repository at ${path}`;
  if (path.toLowerCase() === '.gitmodules') return 'the result changes .gitmodules';
  if (Buffer.byteLength(path) > MAX_PATH_BYTES)
    return `the result has a path of more than ${MAX_PATH_BYTES} bytes`;
  return null;
}

async function checkSizes(git: Git, sight: Sight, changes: readonly Change[]): Promise<string | null> {
  const files = changes.filter(({ mode }) => mode !== '000000');
  const sizes = new Map<string, number>();
  const ids = [...new Set(files.map(({ id }) => id))];
  const listing = await git.do({
    ...sight,
    args: ['cat-file', '--batch-check', '--buffer'],
    stdin: ids.map((id) => `${id}\n`).join(''),
  });
  for (const line of lines(listing.stdout)) {
    const info = parseInfo(line);
    if (info !== null) sizes.set(info.sha, info.size);
  }
  let total = 0;
  for (const { id, path } of files) {
    const size = sizes.get(id) ?? 0;
    if (size > MAX_BLOB_BYTES) return `${path} has ${size} bytes, and GitHub takes at most ${MAX_BLOB_BYTES}`;
    total += size;
  }
  return total > MAX_UNPACKED_BYTES
    ? `the changed files come to ${total} bytes, and at most ${MAX_UNPACKED_BYTES} are taken`
    : null;
}
