import { createHash } from 'node:crypto';
import type { Reply, SeenRequest } from './scripted-server.ts';

interface SimulatedIssue {
  number: number;
  title: string;
  labels: string[];
  updatedAt: number;
  pullRequest: boolean;
}

interface SimulatedEvent {
  id: number;
  event: 'labeled' | 'unlabeled';
  label: string;
  actor: string | null;
  at: number;
}

/** As much of GitHub as the trigger asks for: labelled issues with ETags, their events, and who may do what. */
export class LabelledRepositories {
  /** Looked at first: what it returns is answered instead. */
  fault: (request: SeenRequest) => Reply | null = () => null;
  sendsEtags = true;
  readonly #roles: Readonly<Record<string, string>>;
  readonly #now: () => number;
  readonly #issues = new Map<string, SimulatedIssue>();
  readonly #events = new Map<string, SimulatedEvent[]>();
  #lastEvent = 0;

  constructor(roles: Readonly<Record<string, string>>, now: () => number) {
    this.#roles = roles;
    this.#now = now;
  }

  open(repo: string, number: number, { title = `Issue ${number}`, pullRequest = false } = {}): void {
    this.#issues.set(`${repo}#${number}`, { number, title, labels: [], updatedAt: this.#now(), pullRequest });
  }

  label(repo: string, number: number, label: string, actor: string | null): void {
    const issue = this.touch(repo, number);
    issue.labels.push(label);
    this.#record(repo, number, { event: 'labeled', label, actor });
  }

  unlabel(repo: string, number: number, label: string, actor: string): void {
    const issue = this.touch(repo, number);
    issue.labels = issue.labels.filter((name) => name !== label);
    this.#record(repo, number, { event: 'unlabeled', label, actor });
  }

  /** What a comment does to an issue: it moves `updated_at`. */
  touch(repo: string, number: number): SimulatedIssue {
    const issue = this.#issues.get(`${repo}#${number}`);
    if (issue === undefined) throw new Error(`no issue ${repo}#${number}`);
    issue.updatedAt = this.#now();
    return issue;
  }

  readonly script = (request: SeenRequest): Reply => this.fault(request) ?? this.#answer(request);

  #answer({ url, headers }: SeenRequest): Reply {
    const { pathname, searchParams } = new URL(url, 'http://localhost');
    const list = /^\/repos\/([^/]+\/[^/]+)\/issues$/.exec(pathname);
    if (list) return this.#list(list[1] ?? '', searchParams.get('labels') ?? '', headers['if-none-match']);
    const events = /^\/repos\/([^/]+\/[^/]+)\/issues\/(\d+)\/events$/.exec(pathname);
    if (events) return { body: (this.#events.get(`${events[1]}#${events[2]}`) ?? []).map(toEvent) };
    const collaborator = /\/collaborators\/([^/]+)\/permission$/.exec(pathname);
    const role = this.#roles[collaborator?.[1] ?? ''];
    if (role === undefined) return { status: 404, body: { message: 'Not Found' } };
    return { body: { role_name: role, permission: role === 'triage' ? 'read' : role } };
  }

  #list(repo: string, label: string, ifNoneMatch: string | undefined): Reply {
    const body = [...this.#issues]
      .filter(([key, { labels }]) => key.startsWith(`${repo}#`) && labels.some((name) => same(name, label)))
      .sort(([, a], [, b]) => b.updatedAt - a.updatedAt)
      .map(([, issue]) => toIssue(issue));
    if (!this.sendsEtags) return { body };
    const etag = `W/"${createHash('sha256').update(JSON.stringify(body)).digest('hex')}"`;
    return etag === ifNoneMatch ? { status: 304, headers: { etag } } : { headers: { etag }, body };
  }

  #record(repo: string, number: number, event: Pick<SimulatedEvent, 'event' | 'label' | 'actor'>): void {
    const key = `${repo}#${number}`;
    const events = this.#events.get(key) ?? [];
    events.push({ id: ++this.#lastEvent, at: this.#now(), ...event });
    this.#events.set(key, events);
  }
}

function same(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}

function toIssue({ number, title, labels, updatedAt, pullRequest }: SimulatedIssue) {
  return {
    number,
    title,
    body: `Body of ${number}`,
    user: { login: 'author', id: 99 },
    labels: labels.map((name) => ({ name })),
    state: 'open',
    html_url: `https://example.org/${number}`,
    updated_at: wholeSeconds(updatedAt),
    ...(pullRequest ? { pull_request: { url: 'https://example.org' } } : {}),
  };
}

function toEvent({ id, event, label, actor, at }: SimulatedEvent) {
  return {
    id,
    event,
    label: { name: label },
    actor: actor === null ? null : { login: actor, id: actor.length },
    created_at: wholeSeconds(at),
  };
}

function wholeSeconds(time: number): string {
  return `${new Date(time).toISOString().slice(0, 19)}Z`;
}
