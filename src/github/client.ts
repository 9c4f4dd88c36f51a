import { createHash } from 'node:crypto';
import { isForgeError } from '../errors.ts';
import type { RepoName } from '../task/ids.ts';
import type { Permission } from '../task/task.ts';
import type {
  Comment,
  Issue,
  IssueList,
  LabelEvent,
  NewPullRequest,
  PullRequest,
  RateLimit,
  Repository,
} from './records.ts';
import { Requests, type RequestsOptions, type RouteParameters } from './requests.ts';
import {
  commentSchema,
  issueEventSchema,
  issueSchema,
  labelNamesSchema,
  listedIssueSchema,
  permissionSchema,
  pullRequestSchema,
  repositorySchema,
} from './schemas.ts';

export type GitHubOptions = RequestsOptions;

/**
 * GitHub's API in forge's own records. Every call throws a `ForgeError` that names the endpoint: `unauthorized` (401),
 * `forbidden` (403), `not_found` (404, 410), `invalid` (422 and the like), and `unavailable` for what passes by itself,
 * a rate limit (with `retryAt`), a lost connection, 15 seconds without an answer, or an answer that makes no sense.
 */
export class GitHub {
  readonly #requests: Requests;
  readonly #token: () => string;

  constructor(options: GitHubOptions) {
    this.#requests = new Requests(options);
    this.#token = options.token;
  }

  repository(repo: RepoName, signal?: AbortSignal): Promise<Repository> {
    return this.#requests.one(repositorySchema, 'GET /repos/{owner}/{repo}', inRepo(repo), signal);
  }

  /** The open issues with this label, last changed first, without the pull requests that GitHub mixes in. */
  async labelledIssues(
    repo: RepoName,
    label: string,
    etag: string | null,
    signal?: AbortSignal,
  ): Promise<IssueList> {
    const parameters = issueListParameters(repo, label);
    const list = await this.#requests.listIfChanged(listedIssueSchema, ISSUE_LIST, parameters, etag, signal);
    if (list === null) return { kind: 'unchanged' };
    // An issue that changes while the pages are read moves to the front and can come twice.
    const byNumber = new Map<number, Issue>();
    for (const issue of list.items) if (issue !== null) byNumber.set(issue.number, issue);
    return { kind: 'changed', etag: list.etag, issues: [...byNumber.values()] };
  }

  /** What an ETag of `labelledIssues` may be stored under: GitHub's ETags differ from token to token. */
  issueListKey(repo: RepoName, label: string): string {
    const identity = createHash('sha256').update(this.#token()).digest('hex').slice(0, 12);
    return `${identity} ${this.#requests.url(ISSUE_LIST, issueListParameters(repo, label))}`;
  }

  issue(repo: RepoName, number: number, signal?: AbortSignal): Promise<Issue> {
    return this.#requests.one(issueSchema, `GET ${ISSUE}`, inIssue(repo, number), signal);
  }

  /** Every time a label was put on or taken off, oldest first. */
  async labelEvents(repo: RepoName, number: number, signal?: AbortSignal): Promise<LabelEvent[]> {
    const parameters = { ...inIssue(repo, number), per_page: 100 };
    const events = await this.#requests.list(issueEventSchema, `GET ${ISSUE}/events`, parameters, signal);
    return events
      .flatMap(({ id, event, label, actor, created_at: at }): LabelEvent[] =>
        (event === 'labeled' || event === 'unlabeled') && label
          ? [{ id, kind: event, label: label.name, actor, at }]
          : [],
      )
      .sort((one, other) => one.at - other.at);
  }

  /** What the account may do in the repository; `none` for one that GitHub does not know there. */
  async permission(repo: RepoName, login: string, signal?: AbortSignal): Promise<Permission> {
    const route = 'GET /repos/{owner}/{repo}/collaborators/{username}/permission';
    const parameters = { ...inRepo(repo), username: login };
    return orIfNotFound('none', this.#requests.one(permissionSchema, route, parameters, signal));
  }

  comments(repo: RepoName, number: number, signal?: AbortSignal): Promise<Comment[]> {
    const parameters = { ...inIssue(repo, number), per_page: 100 };
    return this.#requests.list(commentSchema, `GET ${ISSUE}/comments`, parameters, signal);
  }

  createComment(repo: RepoName, number: number, body: string, signal?: AbortSignal): Promise<Comment> {
    const parameters = { ...inIssue(repo, number), body };
    return this.#requests.one(commentSchema, `POST ${ISSUE}/comments`, parameters, signal);
  }

  updateComment(repo: RepoName, id: number, body: string, signal?: AbortSignal): Promise<Comment> {
    const route = 'PATCH /repos/{owner}/{repo}/issues/comments/{comment_id}';
    return this.#requests.one(commentSchema, route, { ...inRepo(repo), comment_id: id, body }, signal);
  }

  issueLabels(repo: RepoName, number: number, signal?: AbortSignal): Promise<string[]> {
    const parameters = { ...inIssue(repo, number), per_page: 100 };
    return this.#requests.one(labelNamesSchema, `GET ${ISSUE}/labels`, parameters, signal);
  }

  /** GitHub makes a label that the repository does not have yet. */
  addLabel(repo: RepoName, number: number, label: string, signal?: AbortSignal): Promise<void> {
    return this.#requests.act(`POST ${ISSUE}/labels`, { ...inIssue(repo, number), labels: [label] }, signal);
  }

  /** A label that is not there is as good as removed. */
  removeLabel(repo: RepoName, number: number, label: string, signal?: AbortSignal): Promise<void> {
    const parameters = { ...inIssue(repo, number), name: label };
    return orIfNotFound(undefined, this.#requests.act(`DELETE ${ISSUE}/labels/{name}`, parameters, signal));
  }

  pullRequest(repo: RepoName, number: number, signal?: AbortSignal): Promise<PullRequest> {
    const parameters = { ...inRepo(repo), pull_number: number };
    return this.#requests.one(pullRequestSchema, `GET ${PULL}`, parameters, signal);
  }

  /** The pull request from this branch of the repository itself: the open one, else the newest. */
  async findPullRequest(repo: RepoName, branch: string, signal?: AbortSignal): Promise<PullRequest | null> {
    const { owner } = inRepo(repo);
    const parameters = { ...inRepo(repo), head: `${owner}:${branch}`, state: 'all', per_page: 100 };
    const pulls = await this.#requests.list(pullRequestSchema, `GET ${PULLS}`, parameters, signal);
    const ours = pulls
      .filter((pull) => pull.headRef === branch)
      .sort((one, other) => other.number - one.number);
    return ours.find((pull) => pull.state === 'open') ?? ours[0] ?? null;
  }

  /** Opens it, or gives the open one that GitHub says there is already from this branch. */
  async openPullRequest(repo: RepoName, pull: NewPullRequest, signal?: AbortSignal): Promise<PullRequest> {
    try {
      return await this.#requests.one(
        pullRequestSchema,
        `POST ${PULLS}`,
        { ...inRepo(repo), ...pull },
        signal,
      );
    } catch (error) {
      if (!isForgeError(error, 'invalid') || !/already exists/i.test(error.message)) throw error;
      const existing = await this.findPullRequest(repo, pull.head, signal);
      if (existing?.state !== 'open') throw error;
      return existing;
    }
  }

  updatePullRequest(
    repo: RepoName,
    number: number,
    changes: { title?: string; body?: string },
    signal?: AbortSignal,
  ): Promise<PullRequest> {
    const parameters = { ...inRepo(repo), pull_number: number, ...changes };
    return this.#requests.one(pullRequestSchema, `PATCH ${PULL}`, parameters, signal);
  }

  /** From the last answer's headers, without a request. */
  rateLimit(): RateLimit {
    return this.#requests.breaker.rateLimit;
  }
}

const ISSUE_LIST = 'GET /repos/{owner}/{repo}/issues';
const ISSUE = '/repos/{owner}/{repo}/issues/{issue_number}';
const PULLS = '/repos/{owner}/{repo}/pulls';
const PULL = '/repos/{owner}/{repo}/pulls/{pull_number}';

/** Nothing in here may change from poll to poll: another URL would never get a 304. */
function issueListParameters(repo: RepoName, label: string): RouteParameters {
  return { ...inRepo(repo), labels: label, state: 'open', sort: 'updated', direction: 'desc', per_page: 100 };
}

function inRepo(repo: RepoName): { owner: string; repo: string } {
  const slash = repo.indexOf('/');
  return { owner: repo.slice(0, slash), repo: repo.slice(slash + 1) };
}

function inIssue(repo: RepoName, number: number) {
  return { ...inRepo(repo), issue_number: number };
}

async function orIfNotFound<T>(fallback: T, answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    if (isForgeError(error, 'not_found')) return fallback;
    throw error;
  }
}
