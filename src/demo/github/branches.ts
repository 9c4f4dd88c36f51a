import { record } from './events.ts';
import { git } from './git.ts';
import { closeIssue } from './issues.ts';
import { type Issue, now, type Pull, type Repository, type State, type User } from './state.ts';

/**
 * Compares the bare repository's branches with the last look and does what GitHub does about a push: pull requests
 * follow their head, close when it is gone, and the first branch of an empty repository becomes the default one.
 */
export function noticePush(state: State, repo: Repository, by: User): Promise<void> {
  repo.looking = repo.looking.then(() => look(state, repo, by));
  return repo.looking;
}

async function look(state: State, repo: Repository, by: User): Promise<void> {
  const before = repo.branches;
  const branches = await readBranches(repo.gitDir);
  if (sameBranches(before, branches)) return;
  repo.branches = branches;
  repo.pushedAt = now(state);
  await chooseDefault(repo, before.size === 0);
  for (const issue of repo.issues) {
    if (issue.pull !== null && issue.state === 'open') await followHead(state, repo, issue, issue.pull, by);
  }
}

async function readBranches(gitDir: string): Promise<Map<string, string>> {
  const lines = await git(gitDir, [
    'for-each-ref',
    '--format=%(objectname) %(refname:lstrip=2)',
    'refs/heads',
  ]);
  const pairs = lines.split('\n').filter((line) => line !== '');
  return new Map(pairs.map((line) => [line.slice(line.indexOf(' ') + 1), line.slice(0, line.indexOf(' '))]));
}

async function chooseDefault(repo: Repository, wasEmpty: boolean): Promise<void> {
  const [first] = repo.branches.keys();
  if (!wasEmpty || first === undefined || repo.branches.has(repo.defaultBranch)) return;
  repo.defaultBranch = first;
  await git(repo.gitDir, ['symbolic-ref', 'HEAD', `refs/heads/${first}`]);
}

async function followHead(state: State, repo: Repository, issue: Issue, pull: Pull, by: User): Promise<void> {
  const head = repo.branches.get(pull.headRef);
  if (head === undefined) {
    record(state, issue, { kind: 'head_ref_deleted', actor: by });
    closeIssue(state, issue, by);
  } else if (head !== pull.headSha) {
    pull.headSha = head;
    pull.baseSha = repo.branches.get(pull.baseRef) ?? pull.baseSha;
    issue.updatedAt = now(state);
    await keepHead(repo, issue.number, head);
  }
}

/** `refs/pull/N/head` keeps a pull request's commits when its branch is gone. */
export async function keepHead(repo: Repository, number: number, sha: string): Promise<void> {
  await git(repo.gitDir, ['update-ref', `refs/pull/${number}/head`, sha]);
}

function sameBranches(one: Map<string, string>, other: Map<string, string>): boolean {
  return one.size === other.size && [...one].every(([name, sha]) => other.get(name) === sha);
}
