import { Octokit } from '@octokit/rest';
import type { Logger } from 'pino';
import { z } from 'zod';
import type { Clock } from '../clock.ts';
import { forgeVersion } from '../config/version.ts';
import { Breaker } from './breaker.ts';
import { unansweredError } from './failures.ts';
import { guardRequests } from './guard.ts';
import { boundedFetch, endpointOf } from './transport.ts';

export interface RequestsOptions {
  /** `https://api.github.com`, `https://HOST/api/v3` or any other http(s) base. */
  apiUrl: string;
  /** Asked for before each request. */
  token: () => string;
  clock: Clock;
  logger: Logger;
  fetch?: typeof globalThis.fetch;
  /** For one request with its whole answer; 15 s where it is not said. */
  deadlineMs?: number;
}

/** Of a route like `GET /repos/{owner}/{repo}`: what fills its gaps, then the query or body in this order. */
export type RouteParameters = Readonly<Record<string, unknown>>;

interface Answer {
  endpoint: string;
  status: number;
  etag: string | null;
  /** What leads to the next page; null on the last one. */
  nextPage: RouteParameters | null;
  data: unknown;
}

const DEADLINE_MS = 15_000;
const MAX_BYTES = 20 * 1024 * 1024;
const MAX_PAGES = 100;

/** Every exchange with GitHub's API passes here, and only what its zod schema makes of an answer comes out. */
export class Requests {
  readonly breaker: Breaker;
  readonly #octokit: Octokit;

  constructor({
    apiUrl,
    token,
    clock,
    logger,
    fetch = globalThis.fetch,
    deadlineMs = DEADLINE_MS,
  }: RequestsOptions) {
    this.breaker = new Breaker(clock);
    this.#octokit = new Octokit({
      baseUrl: apiUrl.replace(/\/+$/, ''),
      request: { fetch: boundedFetch(fetch, { deadlineMs, maxBytes: MAX_BYTES }), log: SILENCE },
      log: SILENCE,
    });
    guardRequests(this.#octokit, { breaker: this.breaker, token, logger });
  }

  url(route: string, parameters: RouteParameters): string {
    return this.#octokit.request.endpoint(route, parameters).url;
  }

  async one<T>(
    schema: z.ZodType<T>,
    route: string,
    parameters: RouteParameters,
    signal?: AbortSignal,
  ): Promise<T> {
    return read(schema, await this.#exchange(route, parameters, { signal }));
  }

  /** For a write whose answer does not matter beyond its status. */
  async act(route: string, parameters: RouteParameters, signal?: AbortSignal): Promise<void> {
    await this.#exchange(route, parameters, { signal });
  }

  /** All pages of a list, in GitHub's order. */
  async list<T>(
    item: z.ZodType<T>,
    route: string,
    parameters: RouteParameters,
    signal?: AbortSignal,
  ): Promise<T[]> {
    const first = await this.#exchange(route, parameters, { signal });
    return this.#allPages(item, first, route, parameters, signal);
  }

  /** As `list`, or null where the first page is still the one that had this ETag. */
  async listIfChanged<T>(
    item: z.ZodType<T>,
    route: string,
    parameters: RouteParameters,
    etag: string | null,
    signal?: AbortSignal,
  ): Promise<{ etag: string | null; items: T[] } | null> {
    const first = await this.#exchange(route, parameters, { signal, etag });
    if (first.status === 304) return null;
    return { etag: first.etag, items: await this.#allPages(item, first, route, parameters, signal) };
  }

  async #allPages<T>(
    item: z.ZodType<T>,
    first: Answer,
    route: string,
    parameters: RouteParameters,
    signal: AbortSignal | undefined,
  ): Promise<T[]> {
    const items = [...read(z.array(item), first)];
    let { nextPage } = first;
    for (let pages = 1; nextPage !== null; pages++) {
      if (pages === MAX_PAGES) {
        throw unansweredError(first.endpoint, `GitHub's list has more than ${MAX_PAGES} pages`, 'PAGES');
      }
      const page: Answer = await this.#exchange(route, { ...parameters, ...nextPage }, { signal });
      items.push(...read(z.array(item), page));
      nextPage = page.nextPage;
    }
    return items;
  }

  async #exchange(
    route: string,
    parameters: RouteParameters,
    { signal, etag = null }: { signal: AbortSignal | undefined; etag?: string | null },
  ): Promise<Answer> {
    const response = await this.#octokit.request(route, {
      ...parameters,
      headers: { ...HEADERS, ...(etag === null ? {} : { 'if-none-match': etag }) },
      request: signal === undefined ? {} : { signal },
    });
    return {
      endpoint: endpointOf(route.split(' ')[0], this.url(route, parameters)),
      status: response.status,
      etag: response.headers.etag ?? null,
      nextPage: nextPage(response.headers.link),
      data: response.data,
    };
  }
}

/** Octokit would print failed requests and deprecated routes on the console. */
const SILENCE = { debug() {}, info() {}, warn() {}, error() {} };

const HEADERS = {
  accept: 'application/vnd.github+json',
  'user-agent': `forge/${forgeVersion()}`,
  'x-github-api-version': '2022-11-28',
};

/**
 * Only the position is taken from a `Link`: where the server believes itself to be under another address, its pages
 * are still asked for at GITHUB_API_URL, and the token goes nowhere else.
 */
function nextPage(link: string | undefined): RouteParameters | null {
  const target = link?.match(/<([^<>]+)>\s*;\s*rel="?next"?/i)?.[1];
  if (target === undefined || !URL.canParse(target, 'http://localhost')) return null;
  const query = new URL(target, 'http://localhost').searchParams;
  const position = ['page', 'after'].flatMap((key) => (query.has(key) ? [[key, query.get(key)]] : []));
  return position.length === 0 ? null : Object.fromEntries(position);
}

function read<T>(schema: z.ZodType<T>, answer: Answer): T {
  const parsed = schema.safeParse(answer.data);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const where = issue === undefined || issue.path.length === 0 ? 'the answer' : issue.path.join('.');
  const problem = `GitHub's answer is not what its API promises (${where}: ${issue?.message ?? 'invalid'})`;
  throw unansweredError(answer.endpoint, problem, 'NOT_UNDERSTOOD');
}
