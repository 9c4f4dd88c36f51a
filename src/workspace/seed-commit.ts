import { parseSha, type Sha } from '../task/ids.ts';
import type { Git } from './git.ts';
import { AGENT_IDENTITY } from './identity.ts';
import type { Mirror } from './mirror.ts';
import { findObject, updateRef } from './objects.ts';

const SEED_REF = 'refs/forge/seed';

/**
 * The first commit for a repository that has none: an empty tree, and the same object id whenever and wherever it is
 * made, so that pushing it twice is harmless.
 */
export async function seedCommit(git: Git, mirror: Mirror): Promise<Sha> {
  const { gitDir } = mirror;
  const tree = await git.do({ gitDir, args: ['hash-object', '-t', 'tree', '-w', '--stdin'] });
  const who = { NAME: AGENT_IDENTITY.name, EMAIL: AGENT_IDENTITY.email, DATE: '2000-01-01T00:00:00Z' };
  const env = Object.fromEntries(
    ['AUTHOR', 'COMMITTER'].flatMap((role) =>
      Object.entries(who).map(([key, value]) => [`GIT_${role}_${key}`, value]),
    ),
  );
  const commit = await git.do({
    gitDir,
    args: ['commit-tree', '-m', 'Start the repository', tree.stdout.toString().trim()],
    env,
  });
  const sha = parseSha(commit.stdout.toString());
  const kept = await findObject(git, gitDir, SEED_REF);
  if (kept?.sha !== sha) await updateRef(git, gitDir, SEED_REF, sha, kept?.sha ?? null);
  return sha;
}
