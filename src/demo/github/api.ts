import { createHash } from 'node:crypto';
import { authenticate, userOf, type Viewer } from './access.ts';
import { type Answer, notFound, ok, refusal } from './answer.ts';
import { checkRoutes } from './checks.ts';
import { collaboratorRoutes } from './collaborators.ts';
import { commentRoutes } from './comments.ts';
import { eventRoutes } from './events.ts';
import { issueRoutes } from './issues.ts';
import { labelRoutes } from './labels.ts';
import { pullRoutes } from './pulls.ts';
import type { RateLimits } from './rate-limit.ts';
import { refRoutes } from './refs.ts';
import { repositoryRoutes } from './repositories.ts';
import type { Call } from './route.ts';
import { fullName, type State } from './state.ts';
import { userRoutes } from './users.ts';

export interface ApiRequest {
  method: string;
  /** Below the API's root, as sent. */
  path: string;
  query: string;
  headers: Readonly<Record<string, string | undefined>>;
  authorization: string | undefined;
  body: string;
}

const RATE_LIMIT_PATH = '/rate_limit';

const ROUTES = [
  ...userRoutes,
  ...repositoryRoutes,
  ...issueRoutes,
  ...eventRoutes,
  ...commentRoutes,
  ...labelRoutes,
  ...collaboratorRoutes,
  ...refRoutes,
  ...pullRoutes,
  ...checkRoutes,
];

/** One request from its credentials to its answer, with the headers that GitHub puts on every answer. */
export async function answerApi(state: State, limits: RateLimits, request: ApiRequest): Promise<Answer> {
  const viewer = authenticate(state, request.authorization);
  const login = userOf(viewer)?.login ?? null;
  const answer = await answerWithin(state, limits, request, viewer, login);
  return { ...answer, headers: { ...answer.headers, ...scopesOf(viewer), ...limits.headers(login) } };
}

async function answerWithin(
  state: State,
  limits: RateLimits,
  request: ApiRequest,
  viewer: Viewer,
  login: string | null,
): Promise<Answer> {
  if (request.headers['user-agent'] === undefined) {
    return refusal(
      403,
      'Request forbidden by administrative rules. Please make sure your request has a User-Agent header',
    );
  }
  if (request.path === RATE_LIMIT_PATH && viewer.kind !== 'unknown') {
    const core = limits.overview(login);
    return ok({ resources: { core, search: core }, rate: core });
  }
  if (limits.exhausted(login)) return refusal(403, `API rate limit exceeded for ${login ?? '127.0.0.1'}.`);
  const answer =
    viewer.kind === 'unknown' ? refusal(401, 'Bad credentials') : await find(state, request, viewer);
  const conditional = unlessKnown(answer, request, login);
  if (conditional.status !== 304) limits.spend(login);
  return conditional;
}

function find(state: State, request: ApiRequest, viewer: Viewer): Answer | Promise<Answer> {
  const path = byName(state, request.path);
  for (const { method, pattern, answer } of ROUTES) {
    const match = method === request.method ? pattern.exec(path) : null;
    if (match === null) continue;
    const params = Object.fromEntries(
      Object.entries(match.groups ?? {}).map(([name, value]) => [name, decodeURIComponent(value)]),
    );
    const call: Call = {
      state,
      viewer,
      method: request.method,
      path,
      params,
      query: new URLSearchParams(request.query),
      body: request.body,
    };
    return answer(call);
  }
  return notFound();
}

/** `/repositories/ID/…` is how GitHub itself names a repository in links and redirects. */
function byName(state: State, path: string): string {
  const [, id, rest = ''] = /^\/repositories\/(\d+)(\/.*)?$/.exec(path) ?? [];
  const repo =
    id === undefined ? undefined : state.repositories.find((candidate) => candidate.id === Number(id));
  return repo === undefined ? path : `/repos/${fullName(repo)}${rest}`;
}

/** Each URL has an ETag of its own for each account; a caller that still has that answer gets 304 and no body. */
function unlessKnown(answer: Answer, request: ApiRequest, login: string | null): Answer {
  if (request.method !== 'GET' || answer.status !== 200) return answer;
  const content = JSON.stringify([login, request.path, request.query, answer.body]);
  const etag = `W/"${createHash('sha256').update(content).digest('hex')}"`;
  const headers = { ...answer.headers, etag };
  const known = (request.headers['if-none-match'] ?? '').split(/,\s*/).includes(etag);
  return known ? { status: 304, headers } : { ...answer, headers };
}

function scopesOf(viewer: Viewer): Record<string, string> {
  if (viewer.kind !== 'known' || viewer.token.scopes === null) return {};
  return { 'x-oauth-scopes': viewer.token.scopes.join(', '), 'x-accepted-oauth-scopes': 'repo' };
}
