import { spawn } from 'node:child_process';
import { dirname, sep } from 'node:path';
import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { ForgeError } from '../../errors.ts';
import { atLeast, authenticate, permissionOfViewer, userOf, type Viewer } from './access.ts';
import { noticePush } from './branches.ts';
import type { WireAnswer } from './deliver.ts';
import { GIT_ENVIRONMENT } from './git.ts';
import { findRepository, fullName, type Repository, type State, type User } from './state.ts';

export interface GitRequest {
  method: string;
  path: string;
  query: string;
  headers: Readonly<Record<string, string | undefined>>;
  authorization: string | undefined;
  body: Readable;
}

/** Clone, fetch and push over git's smart HTTP protocol, with GitHub's answers to those who may not. */
export async function answerGit(state: State, request: GitRequest): Promise<WireAnswer> {
  const match = /^\/([\w-]+\/[\w.-]+?)(?:\.git)?\/(info\/refs|git-upload-pack|git-receive-pack)$/.exec(
    request.path,
  );
  const [, name = '', action = ''] = match ?? [];
  const service = action === 'info/refs' ? new URLSearchParams(request.query).get('service') : action;
  if (service !== 'git-upload-pack' && service !== 'git-receive-pack') return plain(404, 'Not Found');
  const viewer = authenticate(state, request.authorization);
  const former = state.formerNames.get(name.toLowerCase());
  const repo = findRepository(state, name) ?? former;
  if (viewer.kind === 'unknown') return challenge('Invalid username or token.');
  if (repo === undefined || permissionOfViewer(repo, viewer) === 'none') {
    return viewer.kind === 'known' ? plain(404, 'Repository not found.') : challenge('Repository not found.');
  }
  const refused = service === 'git-receive-pack' ? refusePush(repo, viewer) : null;
  if (refused !== null) return refused;
  if (repo === former) return redirect(state, repo, action, request.query);
  return serve(state, repo, userOf(viewer), action, request);
}

function refusePush(repo: Repository, viewer: Viewer): WireAnswer | null {
  if (viewer.kind !== 'known') return challenge('Authentication required.');
  if (repo.archived) return plain(403, 'This repository was archived so it is read-only.');
  if (atLeast(permissionOfViewer(repo, viewer), 'write')) return null;
  return plain(403, `Permission to ${fullName(repo)}.git denied to ${viewer.token.user.login}.`);
}

async function serve(
  state: State,
  repo: Repository,
  user: User | null,
  action: string,
  request: GitRequest,
): Promise<WireAnswer> {
  const answer = await runBackend(repo, user, action, request);
  if (action !== 'git-receive-pack' || user === null) return answer;
  // The pusher hears of success only when the pull requests have followed.
  const body = await buffer(answer.body);
  await noticePush(state, repo, user);
  return { ...answer, body };
}

async function runBackend(
  repo: Repository,
  user: User | null,
  action: string,
  { method, query, headers, body }: GitRequest,
): Promise<WireAnswer & { body: Readable }> {
  const given = {
    CONTENT_TYPE: headers['content-type'],
    CONTENT_LENGTH: headers['content-length'],
    HTTP_CONTENT_ENCODING: headers['content-encoding'],
    GIT_PROTOCOL: headers['git-protocol'],
    REMOTE_USER: user?.login,
  };
  const child = spawn('git', ['http-backend'], {
    stdio: ['pipe', 'pipe', 'ignore'], // what went wrong is in the answer as well
    env: {
      ...GIT_ENVIRONMENT,
      GIT_PROJECT_ROOT: dirname(repo.gitDir),
      GIT_HTTP_EXPORT_ALL: '1',
      PATH_INFO: `/${repo.gitDir.split(sep).at(-1)}/${action}`,
      REQUEST_METHOD: method,
      QUERY_STRING: query,
      REMOTE_ADDR: '127.0.0.1',
      ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
    },
  });
  child.stdin.on('error', () => {}); // a backend that has said no stops reading; its answer says why
  body.once('close', () => {
    if (!body.readableEnded) child.stdin.destroy(); // the caller went away in the middle of its request
  });
  body.pipe(child.stdin);
  const head = await readHead(child.stdout);
  return { ...head, body: child.stdout };
}

/** Takes the CGI headers off the front of the stream. */
async function readHead(stream: Readable): Promise<Pick<WireAnswer, 'status' | 'headers'>> {
  let read = Buffer.alloc(0);
  for await (const chunk of stream.iterator({ destroyOnReturn: false })) {
    read = Buffer.concat([read, chunk as Buffer]);
    const end = read.indexOf('\r\n\r\n');
    if (end === -1) continue;
    stream.unshift(read.subarray(end + 4));
    const lines = read.subarray(0, end).toString('latin1').split('\r\n');
    const { status = '200', ...headers } = Object.fromEntries(
      lines.map((line) => [
        line.slice(0, line.indexOf(':')).toLowerCase(),
        line.slice(line.indexOf(':') + 1).trim(),
      ]),
    );
    return { status: Number.parseInt(status, 10), headers };
  }
  throw new ForgeError('git http-backend ended without an answer', { category: 'internal', service: 'git' });
}

function redirect(state: State, repo: Repository, action: string, query: string): WireAnswer {
  const location = `${state.url}/${fullName(repo)}.git/${action}?${query}`;
  return { status: 301, headers: { location }, body: Buffer.alloc(0) };
}

/** git asks its user for credentials on this answer, and gives up on any other refusal. */
function challenge(message: string): WireAnswer {
  const answer = plain(401, message);
  return { ...answer, headers: { ...answer.headers, 'www-authenticate': 'Basic realm="GitHub"' } };
}

function plain(status: number, message: string): WireAnswer {
  return {
    status,
    headers: { 'content-type': 'text/plain; charset=utf-8' },
    body: Buffer.from(`${message}\n`),
  };
}
