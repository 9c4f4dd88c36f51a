import type { Sha } from '../task/ids.ts';
import type { Git } from './git.ts';
import type { Mirror } from './mirror.ts';

const MiB = 1024 ** 2;
const MAX_STAT_BYTES = 4 * MiB;

export interface FileStat {
  path: string;
  /** Lines; 0 for a binary file. */
  added: number;
  removed: number;
}

export interface DiffStat {
  files: FileStat[];
  /** There were more files than fit into 4 MiB of listing. */
  truncated: boolean;
}

/** No program that an attribute or setting names is run to show a difference. */
const PLAIN = ['--no-ext-diff', '--no-textconv', '--no-color', '--ignore-submodules=none'];

export async function diffStat(git: Git, { gitDir }: Mirror, from: Sha, to: Sha): Promise<DiffStat> {
  const { stdout, truncated } = await git.do({
    gitDir,
    args: ['diff-tree', '-r', '-z', '--numstat', '--no-renames', ...PLAIN, from, to],
    maxOutputBytes: MAX_STAT_BYTES,
  });
  // Behind the last NUL stands nothing, or what the limit cut off.
  const files = stdout.toString('utf8').split('\0').slice(0, -1).map(parseStat);
  return { files, truncated };
}

function parseStat(line: string): FileStat {
  const [added = '', removed = '', ...path] = line.split('\t');
  return { path: path.join('\t'), added: Number(added) || 0, removed: Number(removed) || 0 };
}

/** The change as a patch; at most `maxBytes` of it, ending with a line that says so where it was cut. */
export async function diff(
  git: Git,
  { gitDir }: Mirror,
  from: Sha,
  to: Sha,
  maxBytes: number,
): Promise<string> {
  const { stdout, truncated } = await git.do({
    gitDir,
    args: ['diff-tree', '-r', '-p', '-M', ...PLAIN, from, to],
    maxOutputBytes: maxBytes,
  });
  if (!truncated) return stdout.toString('utf8');
  const notice = `\n(cut after ${maxBytes} bytes)\n`;
  const room = Math.max(0, maxBytes - Buffer.byteLength(notice));
  return stdout.toString('utf8', 0, stdout.lastIndexOf('\n', room)) + notice;
}
