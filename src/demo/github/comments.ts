import { z } from 'zod';
import { atLeast } from './access.ts';
import { type Answer, created, forbidden, invalid, notFound, ok } from './answer.ts';
import { association, issueUrls } from './issues.ts';
import { page } from './page.ts';
import { repositoryUrl } from './repositories.ts';
import {
  type IssueCall,
  onIssue,
  onRepository,
  type RepositoryCall,
  type Route,
  withBody,
  writer,
} from './route.ts';
import {
  type Comment,
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

const Text = z.object({ body: z.string() });

export const commentRoutes: readonly Route[] = [
  onIssue('GET', '/comments', 'read', (call) => {
    const since = Date.parse(call.query.get('since') ?? '');
    const comments = call.issue.comments.filter(({ updatedAt }) => !(updatedAt < since));
    return page(call, comments, (comment) => commentJson(call.state, call.repo, call.issue, comment));
  }),
  onIssue(
    'POST',
    '/comments',
    'read',
    withBody(Text, 'IssueComment', (call: IssueCall, { body }) => {
      const { state, repo, issue, permission } = call;
      if (issue.locked && !atLeast(permission, 'write')) {
        return forbidden('Unable to create comment because issue is locked.');
      }
      return (
        refuseText(body) ??
        created(commentJson(state, repo, issue, addComment(state, issue, body, writer(call))))
      );
    }),
  ),
  onRepository(
    'PATCH',
    '/issues/comments/:id',
    'read',
    withBody(Text, 'IssueComment', (call: RepositoryCall, { body }) => {
      const found = findComment(call.repo, Number(call.params.id));
      if (found === null) return notFound();
      const { issue, comment } = found;
      if (comment.author !== writer(call) && !atLeast(call.permission, 'write')) return forbidden();
      const refused = refuseText(body);
      if (refused !== null) return refused;
      comment.body = body;
      comment.updatedAt = now(call.state);
      issue.updatedAt = comment.updatedAt;
      return ok(commentJson(call.state, call.repo, issue, comment));
    }),
  ),
];

export function addComment(state: State, issue: Issue, body: string, author: User): Comment {
  const at = now(state);
  const comment = { id: nextId(state), author, body, createdAt: at, updatedAt: at };
  issue.comments.push(comment);
  issue.updatedAt = at;
  return comment;
}

function findComment(repo: Repository, id: number): { issue: Issue; comment: Comment } | null {
  for (const issue of repo.issues) {
    const comment = issue.comments.find((candidate) => candidate.id === id);
    if (comment !== undefined) return { issue, comment };
  }
  return null;
}

function refuseText(body: string): Answer | null {
  const fault =
    body.trim() === ''
      ? 'Body cannot be blank'
      : body.length > 65_536
        ? 'Body is too long (maximum is 65536 characters)'
        : null;
  if (fault === null) return null;
  return invalid({ resource: 'IssueComment', code: 'unprocessable', field: 'data', message: fault });
}

function commentJson(state: State, repo: Repository, issue: Issue, comment: Comment) {
  const urls = issueUrls(state, repo, issue);
  return {
    id: comment.id,
    node_id: nodeId('IC', comment.id),
    url: `${repositoryUrl(state, repo)}/issues/comments/${comment.id}`,
    html_url: `${urls.html_url}#issuecomment-${comment.id}`,
    issue_url: urls.issue,
    user: userJson(state, comment.author),
    body: comment.body,
    author_association: association(repo, comment.author),
    created_at: isoTime(comment.createdAt),
    updated_at: isoTime(comment.updatedAt),
    performed_via_github_app: null,
  };
}
