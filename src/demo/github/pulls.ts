import { z } from 'zod';
import { atLeast } from './access.ts';
import { type Answer, forbidden, invalid, notFound, ok, refusal } from './answer.ts';
import { closeIssue } from './issues.ts';
import { merge } from './merge.ts';
import { openPullRequest } from './open-pull-request.ts';
import { page } from './page.ts';
import { pullRequestJson, pullRequestSummaryJson } from './pull-request-json.ts';
import { onRepository, type RepositoryCall, type Route, withBody, writer } from './route.ts';
import { type Issue, now, type Pull } from './state.ts';

const Change = z.object({
  title: z.string().min(1).optional(),
  body: z.string().nullable().optional(),
  state: z.enum(['open', 'closed']).optional(),
});
const Merge = z.object({
  sha: z.string().optional(),
  merge_method: z.enum(['merge', 'squash', 'rebase']).optional(),
});

interface PullCall extends RepositoryCall {
  issue: Issue;
  pull: Pull;
}

export const pullRoutes: readonly Route[] = [
  onRepository('GET', '/pulls', 'read', listPullRequests),
  onRepository('POST', '/pulls', 'write', openPullRequest),
  onPull('GET', '', async ({ state, repo, issue, pull }) =>
    ok(await pullRequestJson(state, repo, issue, pull)),
  ),
  onPull('PATCH', '', withBody(Change, 'PullRequest', changePullRequest)),
  onPull('PUT', '/merge', withBody(Merge, 'PullRequest', mergePullRequest)),
];

function onPull(method: string, path: string, handler: (call: PullCall) => Answer | Promise<Answer>): Route {
  return onRepository(method, `/pulls/:number${path}`, 'read', (call) => {
    const issue = call.repo.issues[Number(call.params.number) - 1];
    return issue?.pull ? handler({ ...call, issue, pull: issue.pull }) : notFound();
  });
}

function listPullRequests(call: RepositoryCall): Answer {
  const { state, repo, query } = call;
  const wanted = query.get('state') ?? 'open';
  const [headOwner, ...headRef] = (query.get('head') ?? '').split(':');
  const base = query.get('base');
  // Without `owner:` GitHub does not filter by head at all.
  const head = headRef.length === 0 ? null : { owner: headOwner, ref: headRef.join(':') };
  const found = repo.issues
    .flatMap((issue) => (issue.pull === null ? [] : [{ issue, pull: issue.pull }]))
    .filter(
      ({ issue, pull }) =>
        (wanted === 'all' || issue.state === wanted) &&
        (head === null || (head.owner === repo.owner.login && head.ref === pull.headRef)) &&
        (base === null || base === pull.baseRef),
    );
  const sort = query.get('sort') === 'updated' ? 'updatedAt' : 'createdAt';
  const descending = (query.get('direction') ?? (query.has('sort') ? 'asc' : 'desc')) === 'desc';
  found.sort(
    ({ issue: a }, { issue: b }) => (descending ? -1 : 1) * (a[sort] - b[sort] || a.number - b.number),
  );
  return page(call, found, ({ issue, pull }) => pullRequestSummaryJson(state, repo, issue, pull));
}

async function changePullRequest(call: PullCall, change: z.infer<typeof Change>): Promise<Answer> {
  const { state, repo, issue, pull, permission } = call;
  const by = writer(call);
  if (issue.author !== by && !atLeast(permission, 'write')) return forbidden();
  if (change.state === 'open' && issue.state === 'closed') {
    if (pull.merged || !repo.branches.has(pull.headRef)) {
      return invalid({ resource: 'PullRequest', code: 'invalid', field: 'state' });
    }
    Object.assign(issue, { state: 'open', closedBy: null, closedAt: null });
  }
  if (change.state === 'closed') closeIssue(state, issue, by);
  issue.title = change.title ?? issue.title;
  if (change.body !== undefined) issue.body = change.body;
  issue.updatedAt = now(state);
  return ok(await pullRequestJson(state, repo, issue, pull));
}

async function mergePullRequest(call: PullCall, wish: z.infer<typeof Merge>): Promise<Answer> {
  if (!atLeast(call.permission, 'write')) return forbidden();
  const method = wish.merge_method ?? 'merge';
  if (method === 'rebase') return refusal(405, 'Rebase merges are not allowed on this repository.');
  const result = await merge(call.state, call.repo, call.issue, writer(call), { method, sha: wish.sha });
  if (result.kind === 'refused') return refusal(result.status, result.message);
  return ok({ sha: result.sha, merged: true, message: 'Pull Request successfully merged' });
}
