import { type Answer, invalid, ok } from './answer.ts';
import { record } from './events.ts';
import { findLabel, labelJson } from './labels.ts';
import { page } from './page.ts';
import { repositoryUrl } from './repositories.ts';
import { onIssue, onRepository, type RepositoryCall, type Route } from './route.ts';
import {
  fullName,
  type Issue,
  isoTime,
  nextId,
  nodeId,
  now,
  type Repository,
  type State,
  type User,
} from './state.ts';
import { userJson } from './users.ts';

const STATES = ['open', 'closed', 'all'];
const SORTS = ['created', 'updated', 'comments'];

export const issueRoutes: readonly Route[] = [
  onRepository('GET', '/issues', 'read', listIssues),
  onIssue('GET', '', 'read', ({ state, repo, issue }) =>
    ok({ ...issueJson(state, repo, issue), closed_by: issue.closedBy && userJson(state, issue.closedBy) }),
  ),
];

export type NewIssue = Pick<Issue, 'title' | 'body' | 'author' | 'pull'>;

export function addIssue(state: State, repo: Repository, { title, body, author, pull }: NewIssue): Issue {
  const at = now(state);
  const issue: Issue = {
    id: nextId(state),
    number: repo.issues.length + 1,
    title,
    body,
    author,
    labels: [],
    state: 'open',
    closedBy: null,
    closedAt: null,
    locked: false,
    comments: [],
    events: [],
    pull,
    createdAt: at,
    updatedAt: at,
  };
  repo.issues.push(issue);
  return issue;
}

export function closeIssue(state: State, issue: Issue, by: User): void {
  if (issue.state === 'closed') return;
  issue.state = 'closed';
  issue.closedBy = by;
  issue.closedAt = now(state);
  record(state, issue, { kind: 'closed', actor: by });
}

export function issueUrls(state: State, repo: Repository, issue: Issue) {
  const api = `${repositoryUrl(state, repo)}/issues/${issue.number}`;
  const kind = issue.pull === null ? 'issues' : 'pull';
  return { issue: api, html_url: `${state.url}/${fullName(repo)}/${kind}/${issue.number}` };
}

export function association(repo: Repository, user: User): string {
  if (user === repo.owner) return 'OWNER';
  return repo.collaborators.has(user.login.toLowerCase()) ? 'COLLABORATOR' : 'NONE';
}

/** The fields that an issue and a pull request have in common. */
export function sharedJson(state: State, repo: Repository, issue: Issue) {
  return {
    number: issue.number,
    title: issue.title,
    body: issue.body,
    user: userJson(state, issue.author),
    state: issue.state,
    locked: issue.locked,
    active_lock_reason: null,
    labels: issue.labels.map((label) => labelJson(state, repo, label)),
    assignee: null,
    assignees: [],
    milestone: null,
    author_association: association(repo, issue.author),
    created_at: isoTime(issue.createdAt),
    updated_at: isoTime(issue.updatedAt),
    closed_at: issue.closedAt === null ? null : isoTime(issue.closedAt),
    html_url: issueUrls(state, repo, issue).html_url,
  };
}

function issueJson(state: State, repo: Repository, issue: Issue) {
  const url = issueUrls(state, repo, issue).issue;
  return {
    ...sharedJson(state, repo, issue),
    id: issue.id,
    node_id: nodeId('I', issue.id),
    url,
    repository_url: repositoryUrl(state, repo),
    comments_url: `${url}/comments`,
    events_url: `${url}/events`,
    comments: issue.comments.length,
    state_reason: issue.state === 'closed' && issue.pull === null ? 'completed' : null,
    ...(issue.pull && pullRequestKey(state, repo, issue, issue.pull)),
    performed_via_github_app: null,
  };
}

/** By this key alone does a client see that the "issue" is a pull request. */
function pullRequestKey(state: State, repo: Repository, issue: Issue, pull: NonNullable<Issue['pull']>) {
  const html_url = issueUrls(state, repo, issue).html_url;
  return {
    draft: pull.draft,
    pull_request: {
      url: `${repositoryUrl(state, repo)}/pulls/${issue.number}`,
      html_url,
      diff_url: `${html_url}.diff`,
      patch_url: `${html_url}.patch`,
      merged_at: pull.merged && isoTime(pull.merged.at),
    },
  };
}

function listIssues(call: RepositoryCall): Answer {
  const { repo, query } = call;
  const wanted = query.get('state') ?? 'open';
  const sort = query.get('sort') ?? 'created';
  if (!STATES.includes(wanted)) return invalid({ resource: 'Issue', code: 'invalid', field: 'state' });
  if (!SORTS.includes(sort)) return invalid({ resource: 'Issue', code: 'invalid', field: 'sort' });
  const labels = (query.get('labels') ?? '').split(',').filter((name) => name !== '');
  const since = Date.parse(query.get('since') ?? '');
  const found = repo.issues.filter(
    (issue) =>
      (wanted === 'all' || issue.state === wanted) &&
      !(issue.updatedAt < since) &&
      labels.every((name) => findLabel(issue.labels, name) !== undefined),
  );
  const sign = query.get('direction') === 'asc' ? 1 : -1;
  found.sort((a, b) => sign * (sortKey(a, sort) - sortKey(b, sort) || a.number - b.number));
  return page(call, found, (issue) => issueJson(call.state, repo, issue));
}

function sortKey(issue: Issue, sort: string): number {
  if (sort === 'updated') return issue.updatedAt;
  return sort === 'comments' ? issue.comments.length : issue.createdAt;
}
