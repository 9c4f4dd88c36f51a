import { ForgeError } from '../errors.ts';
import { parseSha, type Sha } from '../task/ids.ts';
import { requireBranchName } from './branch-name.ts';
import type { Git, GitCommand } from './git.ts';
import { scrub } from './git-failure.ts';
import { LIST_REMOTE_DEADLINE_MS, PUSH_DEADLINE_MS } from './limits.ts';
import type { Mirror } from './mirror.ts';
import { remoteUrl } from './remote-url.ts';

export interface Push {
  mirror: Mirror;
  pushUrl: string;
  sha: Sha;
  branch: string;
  /** What the branch must be at there; null: it must not exist. */
  expected: Sha | null;
  signal?: AbortSignal | undefined;
}

export type PushResult = { kind: 'pushed' } | { kind: 'lease_lost'; actual: Sha | null };

/**
 * Sets one branch of the remote repository to a commit, only if it is still where the caller saw it; a branch that is
 * at that commit already counts as pushed. Throws `forbidden` where the server refuses the commit itself.
 */
export async function push(
  git: Git,
  { mirror, pushUrl, sha, branch, expected, signal }: Push,
): Promise<PushResult> {
  requireBranchName(branch);
  const url = remoteUrl(pushUrl);
  const ref = `refs/heads/${branch}`;
  const command: GitCommand = {
    gitDir: mirror.gitDir,
    args: [
      ...['push', '--porcelain', '--no-follow-tags', '--no-recurse-submodules'],
      ...[`--force-with-lease=${ref}:${expected ?? ''}`, url.href, `${sha}:${ref}`],
    ],
    deadlineMs: PUSH_DEADLINE_MS,
    signal,
  };
  const result = await git.runRemote(url, command);
  if (result.exitCode === 0) return { kind: 'pushed' };
  const verdict = readVerdict(result.stdout.toString(), ref);
  if (verdict === null) throw git.remoteFailure(url, command, result);
  if (!verdict.leaseLost) throw refusal(mirror, branch, verdict.reason, result.stderr);
  const actual = await remoteSha(git, { mirror, url: pushUrl, branch, signal });
  return actual === sha ? { kind: 'pushed' } : { kind: 'lease_lost', actual };
}

export interface RemoteBranch {
  mirror: Mirror;
  url: string;
  branch: string;
  signal?: AbortSignal | undefined;
}

/** Where a branch is in the remote repository right now; null when it does not exist. */
export async function remoteSha(
  git: Git,
  { mirror, url: text, branch, signal }: RemoteBranch,
): Promise<Sha | null> {
  requireBranchName(branch);
  const url = remoteUrl(text);
  const ref = `refs/heads/${branch}`;
  const command: GitCommand = {
    gitDir: mirror.gitDir,
    args: ['ls-remote', '--quiet', '--refs', url.href, ref],
    deadlineMs: LIST_REMOTE_DEADLINE_MS,
    signal,
  };
  const result = await git.runRemote(url, command);
  if (result.exitCode !== 0) throw git.remoteFailure(url, command, result);
  // The pattern also matches the end of a longer name.
  const line = result.stdout
    .toString()
    .split('\n')
    .find((text) => text.endsWith(`\t${ref}`));
  return line === undefined ? null : parseSha(line.slice(0, line.indexOf('\t')));
}

interface Verdict {
  leaseLost: boolean;
  reason: string;
}

/**
 * What `--porcelain` says of the one ref: `!`, TAB, `FROM:TO`, TAB, `[rejected] (reason)`. Null where the push failed
 * before there was an answer. A server that lost a race between two pushes says so in words of its own.
 */
export function readVerdict(output: string, ref: string): Verdict | null {
  const line = output.split('\n').find((text) => text.startsWith('!') && text.includes(`:${ref}\t`));
  if (line === undefined) return null;
  const [, , summary = ''] = line.split('\t');
  const reason = /\((.*)\)$/.exec(summary)?.[1] ?? summary;
  const leaseLost =
    /^\[rejected\]/.test(summary) ||
    /cannot lock ref|failed to update ref|incorrect old value|reference already exists|fetch first/i.test(
      reason,
    );
  return { leaseLost, reason };
}

function refusal(mirror: Mirror, branch: string, reason: string, stderr: string): ForgeError {
  const remarks = scrub(stderr, [])
    .split('\n')
    .filter((line) => line.startsWith('remote: '))
    .map((line) => line.slice('remote: '.length).trim())
    .filter((line) => line !== '');
  const told = [reason, ...remarks].join('; ').slice(0, 800);
  return new ForgeError(`${mirror.repo} refused the push to '${branch}': ${told}`, {
    category: 'forbidden',
    service: 'git',
    next: nextStep(told),
  });
}

function nextStep(told: string): string {
  if (/create or update workflow/i.test(told)) {
    return "Give the token the 'workflow' scope (an App: write access to workflows), or keep the change out of .github/workflows.";
  }
  if (/GH006|protected branch|rule violations|GH013/i.test(told)) {
    return "Let forge's account push branches that begin with 'forge/', or change what the rule objects to.";
  }
  if (/GH001|exceeds .* file size limit|large files/i.test(told))
    return 'Keep large files out of the change.';
  return 'Check what the account of the token may push, and the rules of the repository.';
}
