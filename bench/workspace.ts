/**
 * A warm workspace (the commit is in the mirror already) against raw `git worktree add` of the same commit, with and
 * without parallel checkout, interleaved in one run: `node bench/workspace.ts [FILES] [ROUNDS]`.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { parseRepoName, parseSha, type Sha } from '../src/task/ids.ts';
import { Workspaces } from '../src/workspace/workspaces.ts';

const files = Number(process.argv[2] ?? 5000);
const rounds = Number(process.argv[3] ?? 10);
const dir = mkdtempSync(join(tmpdir(), 'forge-bench-'));
try {
  await compare();
} finally {
  rmSync(dir, { recursive: true, force: true });
}

async function compare(): Promise<void> {
  const logger = pino({ level: 'silent' });
  const containerUser = { uid: 1000, gid: 1000 };
  const workspaces = new Workspaces({ home: dir, token: () => null, containerUser, logger });
  const mirror = workspaces.mirror(parseRepoName('bench/repository'));
  const startSha = fill(mirror.gitDir);
  const tree = join(dir, 'raw');
  const raw = (...settings: string[]) =>
    git(['--git-dir', mirror.gitDir, ...settings, 'worktree', 'add', '--quiet', '--detach', tree, startSha]);
  const removeRaw = () => git(['--git-dir', mirror.gitDir, 'worktree', 'remove', '--force', tree]);
  const contenders: Record<string, { make: () => unknown; remove: () => unknown }> = {
    'forge workspace': {
      make: () => workspaces.prepare({ mirror, attemptId: 'bench-1', startSha, branch: 'forge/bench' }),
      remove: () => workspaces.remove('bench-1'),
    },
    'git worktree add, parallel': {
      make: () => raw('-c', 'checkout.workers=0', '-c', 'checkout.thresholdForParallelism=1'),
      remove: removeRaw,
    },
    'git worktree add': { make: () => raw(), remove: removeRaw },
  };

  const times: Record<string, number[]> = {};
  // The first round warms the disk cache and is not counted.
  for (let round = 0; round <= rounds; round++) {
    for (const [name, { make, remove }] of Object.entries(contenders)) {
      const began = performance.now();
      await make();
      const ms = performance.now() - began;
      await remove();
      if (round > 0) times[name] = [...(times[name] ?? []), ms];
    }
  }
  report(times);
}

/** A repository of text files of 1 to 6 kB in directories of 50; returns its only commit. */
function fill(gitDir: string): Sha {
  git(['init', '--quiet', '--bare', gitDir]);
  const parts = ['commit refs/heads/main\ncommitter B <b@example.org> 1700000000 +0000\ndata 1\nx\n'];
  for (let i = 0; i < files; i++) {
    const text = `line ${i}\n`.repeat(100 + ((i * 37) % 500));
    parts.push(`M 644 inline d${Math.floor(i / 50)}/f${i}.txt\ndata ${text.length}\n${text}\n`);
  }
  git(['--git-dir', gitDir, 'fast-import', '--quiet'], parts.join(''));
  return parseSha(git(['--git-dir', gitDir, 'rev-parse', 'refs/heads/main']));
}

function git(args: string[], input = ''): string {
  return execFileSync('git', args, { input, maxBuffer: 1024 ** 3 }).toString();
}

function report(times: Record<string, number[]>): void {
  const median = (values: number[]) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
  const base = median(times['git worktree add'] ?? []);
  console.log(`${files} files, ${rounds} rounds, medians`);
  for (const [name, values] of Object.entries(times)) {
    const ms = median(values);
    console.log(`${name.padEnd(28)} ${ms.toFixed(0).padStart(6)} ms  ${(ms / base).toFixed(2)}x`);
  }
}
