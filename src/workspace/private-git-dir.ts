import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Sha } from '../task/ids.ts';
import type { Owner } from './hand-over.ts';
import { AGENT_IDENTITY } from './identity.ts';
import { withOwner } from './index-owner.ts';
import { IN_CONTAINER } from './layout.ts';
import { trackingRef } from './mirror.ts';

export interface BranchAt {
  branch: string;
  sha: Sha;
}

export interface PrivateGitDir {
  startSha: Sha;
  branch: string;
  base: BranchAt | null;
  /** As git left it after the checkout. */
  index: Buffer;
  owner: Owner | null;
}

/**
 * The configuration of the agent's repository. The files are handed to another user after the checkout, which changes
 * their ctime; without `trustctime` git would read each of them again at its first `status`.
 */
const CONFIG = `[core]
	repositoryformatversion = 0
	filemode = true
	bare = false
	logallrefupdates = true
	trustctime = false
[user]
	name = ${AGENT_IDENTITY.name}
	email = ${AGENT_IDENTITY.email}
[commit]
	gpgsign = false
[gc]
	auto = 0
[advice]
	detachedHead = false
`;

/**
 * Fills an empty directory with a git directory that has the mirror's objects as an alternate (by their path in the
 * container). Written as plain files: no git process ever opens it on the host.
 */
export async function writePrivateGitDir(gitDir: string, content: PrivateGitDir): Promise<void> {
  const { startSha, branch, base, index, owner } = content;
  for (const dir of ['objects/info', 'objects/pack', 'refs/heads', 'info']) {
    await mkdir(join(gitDir, dir), { recursive: true });
  }
  const refs = [
    [`refs/heads/${branch}`, startSha],
    ...(base === null ? [] : [[trackingRef(base.branch), base.sha]]),
  ];
  const packedRefs = refs
    .sort(([a = ''], [b = '']) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
    .map(([name, sha]) => `${sha} ${name}\n`);
  const files: Record<string, string | Buffer> = {
    HEAD: `ref: refs/heads/${branch}\n`,
    config: CONFIG,
    index: owner === null ? index : withOwner(index, owner),
    'packed-refs': `# pack-refs with: sorted \n${packedRefs.join('')}`,
    'objects/info/alternates': `${IN_CONTAINER.objects}\n`,
  };
  for (const [name, text] of Object.entries(files))
    await writeFile(join(gitDir, name), text, { mode: 0o600 });
}
