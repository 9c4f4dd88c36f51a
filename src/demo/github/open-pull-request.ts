import { z } from 'zod';
import { type Answer, created, type FieldError, invalid } from './answer.ts';
import { keepHead } from './branches.ts';
import { tryGit } from './git.ts';
import { addIssue } from './issues.ts';
import { pullRequestJson } from './pull-request-json.ts';
import { type RepositoryCall, withBody, writer } from './route.ts';
import { nextId, type Pull, type Repository } from './state.ts';

const NewPullRequest = z.object({
  title: z.string().min(1),
  head: z.string().min(1),
  base: z.string().min(1),
  body: z.string().nullable().optional(),
  draft: z.boolean().optional(),
});

/** `POST pulls`, refused with GitHub's own words where there is nothing to open. */
export const openPullRequest = withBody(
  NewPullRequest,
  'PullRequest',
  async (call: RepositoryCall, wish): Promise<Answer> => {
    const { state, repo } = call;
    const headRef = wish.head.startsWith(`${repo.owner.login}:`)
      ? wish.head.slice(repo.owner.login.length + 1)
      : wish.head;
    const headSha = repo.branches.get(headRef);
    const baseSha = repo.branches.get(wish.base);
    if (headSha === undefined) return invalid({ resource: 'PullRequest', field: 'head', code: 'invalid' });
    if (baseSha === undefined) return invalid({ resource: 'PullRequest', field: 'base', code: 'invalid' });
    if ((wish.body ?? '').length > 65_536)
      return refused('body is too long (maximum is 65536 characters)', 'body');
    const nothing = await nothingToMerge(repo, wish.base, headRef);
    if (nothing !== null) return refused(nothing);
    // From here to addIssue nothing may wait, or two requests at once would both find no pull request.
    if (hasOpen(repo, headRef, wish.base)) {
      return refused(`A pull request already exists for ${repo.owner.login}:${headRef}.`);
    }
    const pull: Pull = {
      id: nextId(state),
      headRef,
      headSha: repo.branches.get(headRef) ?? headSha, // it may have moved while git was asked
      baseRef: wish.base,
      baseSha,
      draft: wish.draft ?? false,
      merged: null,
      askedMergeable: null,
    };
    const issue = addIssue(state, repo, {
      title: wish.title,
      body: wish.body ?? null,
      author: writer(call),
      pull,
    });
    await keepHead(repo, issue.number, pull.headSha);
    return created(await pullRequestJson(state, repo, issue, pull));
  },
);

async function nothingToMerge(repo: Repository, base: string, head: string): Promise<string | null> {
  const refs = [`refs/heads/${base}`, `refs/heads/${head}`] as const;
  const ancestor = await tryGit(repo.gitDir, ['merge-base', ...refs]);
  if (ancestor.code !== 0) return `The ${head} branch has no history in common with ${base}`;
  const ahead = await tryGit(repo.gitDir, ['rev-list', '--count', `${refs[0]}..${refs[1]}`]);
  return ahead.output.trim() === '0' ? `No commits between ${base} and ${head}` : null;
}

function hasOpen(repo: Repository, head: string, base: string): boolean {
  return repo.issues.some(
    ({ state, pull }) => state === 'open' && pull?.headRef === head && pull.baseRef === base,
  );
}

function refused(message: string, field?: string): Answer {
  const error: FieldError = { resource: 'PullRequest', code: 'custom', message };
  return invalid(field === undefined ? error : { ...error, field });
}
