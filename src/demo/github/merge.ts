import { noticePush } from './branches.ts';
import { record } from './events.ts';
import { git, gitFailure, tryGit } from './git.ts';
import { closeIssue } from './issues.ts';
import { fullName, type Issue, now, type Pull, type Repository, type State, type User } from './state.ts';

export type MergeMethod = 'merge' | 'squash';
export type Mergeable = 'unknown' | 'clean' | 'dirty' | 'draft';
export type MergeResult =
  | { kind: 'merged'; sha: string }
  | { kind: 'refused'; status: 405 | 409; message: string };

/** GitHub works it out in the background: whoever asks first after a push is told that it is not known. */
export async function mergeable(repo: Repository, pull: Pull): Promise<Mergeable> {
  const base = repo.branches.get(pull.baseRef) ?? pull.baseSha;
  const question = `${base}:${pull.headSha}`;
  if (pull.askedMergeable !== question) {
    pull.askedMergeable = question;
    return 'unknown';
  }
  if ((await mergedTree(repo, base, pull.headSha)) === null) return 'dirty';
  return pull.draft ? 'draft' : 'clean';
}

/** Merges into the base branch, marks the pull request, and closes the issues that its body says it closes. */
export async function merge(
  state: State,
  repo: Repository,
  issue: Issue,
  by: User,
  { method, sha }: { method: MergeMethod; sha: string | undefined },
): Promise<MergeResult> {
  const pull = issue.pull;
  if (pull === null || issue.state === 'closed') return refused(405, 'Pull Request is not mergeable');
  if (pull.draft) return refused(405, 'Pull Request is still a draft');
  if (sha !== undefined && sha !== pull.headSha) {
    return refused(409, 'Head branch was modified. Review and try the merge again.');
  }
  const base = repo.branches.get(pull.baseRef);
  const tree = base === undefined ? null : await mergedTree(repo, base, pull.headSha);
  if (base === undefined || tree === null) return refused(405, 'Pull Request is not mergeable');
  const parents = method === 'merge' ? ['-p', base, '-p', pull.headSha] : ['-p', base];
  const message = `Merge pull request #${issue.number} from ${repo.owner.login}/${pull.headRef}\n\n${issue.title}`;
  const commit = await git(repo.gitDir, ['commit-tree', tree, ...parents], message);
  const moved = await tryGit(repo.gitDir, ['update-ref', `refs/heads/${pull.baseRef}`, commit, base]);
  if (moved.code !== 0) return refused(409, 'Base branch was modified. Review and try the merge again.');
  pull.merged = { sha: commit, at: now(state), by };
  record(state, issue, { kind: 'merged', actor: by });
  closeIssue(state, issue, by);
  if (pull.baseRef === repo.defaultBranch) closeMentioned(state, repo, issue, by);
  await noticePush(state, repo, by);
  return { kind: 'merged', sha: commit };
}

/** null where the two conflict. Needs git 2.38. */
async function mergedTree(repo: Repository, base: string, head: string): Promise<string | null> {
  const args = ['merge-tree', '--write-tree', base, head];
  const { code, output, errors } = await tryGit(repo.gitDir, args);
  if (code === 0) return output.trim();
  if (code === 1) return null;
  throw gitFailure(args, code, errors);
}

function closeMentioned(state: State, repo: Repository, issue: Issue, by: User): void {
  const keyword = /\b(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?):?\s+(?:([\w.-]+\/[\w.-]+))?#(\d+)\b/gi;
  for (const [, elsewhere, number] of (issue.body ?? '').matchAll(keyword)) {
    const here = elsewhere === undefined || elsewhere.toLowerCase() === fullName(repo).toLowerCase();
    const closed = here ? repo.issues[Number(number) - 1] : undefined;
    if (closed !== undefined && closed.pull === null) closeIssue(state, closed, by);
  }
}

function refused(status: 405 | 409, message: string): MergeResult {
  return { kind: 'refused', status, message };
}
