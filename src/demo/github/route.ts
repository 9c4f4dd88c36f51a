import type { z } from 'zod';
import { ForgeError } from '../../errors.ts';
import type { Permission } from '../../task/task.ts';
import { atLeast, permissionOfViewer, userOf, type Viewer } from './access.ts';
import { type Answer, forbidden, invalid, notFound, refusal } from './answer.ts';
import { findRepository, type Issue, type Repository, type State, type User } from './state.ts';

export interface Call {
  state: State;
  viewer: Viewer;
  method: string;
  /** Without the query, as sent. */
  path: string;
  params: Readonly<Record<string, string>>;
  query: URLSearchParams;
  body: string;
}

export interface RepositoryCall extends Call {
  repo: Repository;
  permission: Permission;
}

export interface IssueCall extends RepositoryCall {
  issue: Issue;
}

export interface Route {
  method: string;
  pattern: RegExp;
  answer: Handler<Call>;
}

type Handler<C> = (call: C) => Answer | Promise<Answer>;

/** `:name` is one part of the path, `:name*` also spans slashes. */
export function route(method: string, path: string, answer: Handler<Call>): Route {
  const source = path.replace(/:(\w+)(\*?)/g, (_, name, spans) => `(?<${name}>${spans ? '.+' : '[^/]+'})`);
  return { method, pattern: new RegExp(`^${source}$`), answer };
}

/** A route below `/repos/:owner/:repo` for callers with a permission of at least `needs`. */
export function onRepository(
  method: string,
  path: string,
  needs: Permission,
  handler: Handler<RepositoryCall>,
): Route {
  return route(method, `/repos/:owner/:repo${path}`, (call) => {
    const name = `${call.params.owner}/${call.params.repo}`;
    const repo = findRepository(call.state, name);
    if (repo === undefined) return moved(call, name) ?? notFound();
    const permission = permissionOfViewer(repo, call.viewer);
    if (permission === 'none') return notFound();
    if (method !== 'GET') {
      if (call.viewer.kind === 'anonymous') return refusal(401, 'Requires authentication');
      if (repo.archived) return forbidden('Repository was archived so is read-only.');
    }
    return atLeast(permission, needs) ? handler({ ...call, repo, permission }) : forbidden();
  });
}

/** A route below `/repos/:owner/:repo/issues/:number`; pull requests are issues too. */
export function onIssue(method: string, path: string, needs: Permission, handler: Handler<IssueCall>): Route {
  return onRepository(method, `/issues/:number${path}`, needs, (call) => {
    const issue = call.repo.issues[Number(call.params.number) - 1];
    return issue === undefined ? notFound() : handler({ ...call, issue });
  });
}

/** Reads the body before the handler runs: 400 unless it is JSON, 422 with a field error unless it fits. */
export function withBody<C extends Call, B>(
  schema: z.ZodType<B>,
  resource: string,
  handler: (call: C, body: B) => Answer | Promise<Answer>,
): Handler<C> {
  return (call) => {
    const json = parseJson(call.body);
    if (json === undefined) return refusal(400, 'Problems parsing JSON');
    const body = schema.safeParse(json);
    return body.success ? handler(call, body.data) : invalid(...body.error.issues.map(fieldError(resource)));
  };
}

/** The account behind a call that `onRepository` let through to a write. */
export function writer(call: RepositoryCall): User {
  const user = userOf(call.viewer);
  if (user !== null) return user;
  throw new ForgeError('a write by nobody passed the check of its permission', {
    category: 'internal',
    service: 'forge',
  });
}

/** The call's URL as GitHub itself writes it in links and redirects: the repository by its id. */
export function urlById(call: Call, repo: Repository, query: URLSearchParams): string {
  const rest = call.path
    .split('/')
    .slice(4)
    .map((part) => `/${part}`)
    .join('');
  return `${call.state.apiUrl}/repositories/${repo.id}${rest}${query.size === 0 ? '' : `?${query}`}`;
}

function moved(call: Call, name: string): Answer | null {
  const repo = call.state.formerNames.get(name.toLowerCase());
  if (repo === undefined || permissionOfViewer(repo, call.viewer) === 'none') return null;
  const url = urlById(call, repo, call.query);
  return { ...refusal(301, 'Moved Permanently', { url }), headers: { location: url } };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // said to the caller as a 400
  }
}

function fieldError(resource: string) {
  return (issue: z.core.$ZodIssue) => ({
    resource,
    field: String(issue.path[0] ?? ''),
    code: issue.code === 'invalid_type' ? ('missing_field' as const) : ('invalid' as const),
  });
}
