import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { messageOf } from '../../errors.ts';
import { authenticate, userOf } from './access.ts';
import { answerApi } from './api.ts';
import { deliver, deliverHalf, onTheWire, type WireAnswer } from './deliver.ts';
import { type Fault, Faults } from './fault.ts';
import { answerGit } from './git-backend.ts';
import type { RateLimits } from './rate-limit.ts';
import type { State } from './state.ts';

export const API_ROOT = '/api/v3';

/** One request as it arrived. `status` null: it was not answered, or not yet. */
export interface SeenRequest {
  kind: 'api' | 'git';
  /** ms since epoch. */
  at: number;
  method: string;
  /** Of the API: below its root. Without the query. */
  path: string;
  query: string;
  /** All but the authorization. */
  headers: Readonly<Record<string, string | undefined>>;
  authorization: string | undefined;
  /** The account that the token belongs to. */
  user: string | null;
  /** Empty for git, whose bodies are streams. */
  body: string;
  status: number | null;
}

/** One request of the API with the answer that it was given; not for answers that a fault made up. */
export interface Exchange {
  request: Pick<SeenRequest, 'method' | 'path' | 'query' | 'headers' | 'body'>;
  response: { status: number; headers: Readonly<Record<string, string>>; body: string };
}

export class GitHubServer {
  readonly requests: SeenRequest[] = [];
  readonly faults = new Faults();
  readonly #server = createServer((request, response) => this.#begin(request, response));
  readonly #closing = new AbortController();
  readonly #underWay = new Set<Promise<void>>();
  readonly #state: State;
  readonly #limits: RateLimits;
  readonly #observe: (exchange: Exchange) => void;

  constructor(state: State, limits: RateLimits, observe: (exchange: Exchange) => void) {
    this.#state = state;
    this.#limits = limits;
    this.#observe = observe;
  }

  /** Resolves with the port on 127.0.0.1. */
  async listen(): Promise<number> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return (this.#server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#server.close();
    this.#server.closeAllConnections();
    await Promise.all(this.#underWay);
  }

  #begin(request: IncomingMessage, response: ServerResponse): void {
    const work = this.#handle(request, response).catch((error: unknown) => {
      if (response.headersSent || response.destroyed) response.destroy();
      else response.writeHead(500).end(JSON.stringify({ message: messageOf(error) }));
    });
    this.#underWay.add(work);
    void work.finally(() => this.#underWay.delete(work));
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const seen = look(this.#state, request);
    this.requests.push(seen);
    const fault = this.faults.take(seen.method, seen.path);
    if (fault !== null && 'cutBefore' in fault) return void request.socket.destroy();
    if (seen.kind === 'api') seen.body = await text(request);
    if (fault !== null && 'delayMs' in fault)
      await delay(fault.delayMs, undefined, { signal: this.#closing.signal });
    const answer = madeUp(fault) ?? (await this.#answer(seen, request));
    if (fault !== null && 'cutAfter' in fault) return void request.socket.destroy();
    seen.status = answer.status;
    await (fault !== null && 'truncate' in fault ? deliverHalf : deliver)(response, answer);
  }

  async #answer(seen: SeenRequest, request: IncomingMessage): Promise<WireAnswer> {
    if (!isPlainPath(seen.path)) return onTheWire({ status: 400 });
    if (seen.kind === 'git') return answerGit(this.#state, { ...seen, body: request });
    const answer = onTheWire(await answerApi(this.#state, this.#limits, seen));
    this.#observe({ request: seen, response: { ...answer, body: String(answer.body) } });
    return answer;
  }
}

function look(state: State, request: IncomingMessage): SeenRequest {
  const [path = '', query = ''] = (request.url ?? '').split('?', 2);
  const { authorization, ...others } = request.headers;
  const headers = Object.fromEntries(
    Object.entries(others).map(([name, value]) => [name, value?.toString()]),
  );
  const api = path.startsWith(`${API_ROOT}/`);
  return {
    kind: api ? 'api' : 'git',
    at: state.clock.now(),
    method: request.method ?? '',
    path: api ? path.slice(API_ROOT.length) : path,
    query,
    headers,
    authorization,
    user: userOf(authenticate(state, authorization))?.login ?? null,
    body: '',
    status: null,
  };
}

/** No part of it, decoded, climbs out of its folder. */
function isPlainPath(path: string): boolean {
  try {
    return !decodeURIComponent(path).split(/[/\\]/).includes('..');
  } catch {
    return false; // it cannot be decoded: no path of ours
  }
}

function madeUp(fault: Fault | null): WireAnswer | null {
  if (fault !== null && 'html' in fault) {
    const headers = { 'content-type': 'text/html; charset=utf-8' };
    return { status: 200, headers, body: Buffer.from('<!DOCTYPE html><title>One moment</title>') };
  }
  if (fault === null || !('status' in fault)) return null;
  const { status, headers = {}, body } = fault;
  return typeof body === 'string'
    ? { status, headers, body: Buffer.from(body) }
    : onTheWire({ status, headers, body });
}
