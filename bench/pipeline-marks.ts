import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import type Docker from 'dockerode';
import { systemClock } from '../src/clock.ts';
import type { Exchange } from '../src/demo/github-server.ts';
import { EventLog } from '../src/events/event-log.ts';
import { TaskQueue } from '../src/queue/task-queue.ts';
import type { Database } from '../src/store/open-database.ts';
import type { TaskState } from '../src/task/state.ts';
import type { Task } from '../src/task/task.ts';

/** What a task passes on its way, in this order; each is a moment in ms since epoch. */
export type Marks = Record<Mark, number>;
export type Mark =
  | 'labelled'
  | 'noticed'
  | 'queued'
  | 'claimed'
  | 'fetched'
  | 'created'
  | 'started'
  | 'agentBegan'
  | 'agentEnded'
  | 'exited'
  | 'imported'
  | 'cleared'
  | 'verified'
  | 'pushed'
  | 'opened'
  | 'inReview';

/** For the agent: it notes when it began and ended, so that its own time can be told from forge's. */
export const AGENT_COMMAND = 'date +%s%3N; echo x > file; date +%s%3N';

interface Seen {
  at: number;
  what: string;
}

/** Collects what the outside sees of tasks: GitHub's requests and the engine's events, each with its time. */
export class Witness {
  readonly #requests: Seen[] = [];
  readonly #containers: Seen[] = [];

  readonly observe = ({ request }: Exchange): void => {
    this.#requests.push({ at: Date.now(), what: `${request.method} ${request.path}` });
  };

  /** Returns the way to stop watching. */
  async watchEngine(docker: Docker, home: string): Promise<() => void> {
    const filters = JSON.stringify({ type: ['container'], label: [`forge.home=${home}`] });
    // dockerode types it as the older interface without `destroy`, but it is a response.
    const stream = (await docker.getEvents({ filters })) as Readable;
    const lines = createInterface({ input: stream });
    lines.on('line', (line) => this.#containers.push(readEvent(line)));
    return () => {
      lines.close();
      stream.destroy();
    };
  }

  /** The first request of this kind after a moment. */
  request(what: string, after: number): number {
    return first(this.#requests, what, after);
  }

  /** `create`, `start`, `die` or `destroy` of a task's agent container. */
  container(task: Task, action: string): number {
    return first(this.#containers, `${task.id} agent ${action}`, 0);
  }
}

/** Everything about a task whose pull request is open, from the database, GitHub and the engine. */
export function marksOf(task: Task, labelled: number, db: Database, witness: Witness): Marks {
  const events = new EventLog(db, systemClock);
  const ofTask = events.read({ taskId: task.id });
  const attempt = required(new TaskQueue(db, systemClock, events).attempts(task.id)[0], 'attempt');
  const state = (to: TaskState) => required(ofTask.find(({ data }) => data?.to === to)?.at, to);
  const said = ofTask.filter(({ type }) => type === 'output').map(({ text }) => Number(text));
  const pushed = db
    .prepare<[string], { at: number }>(`SELECT done_at AS at FROM outbox WHERE task_id = ? AND kind = 'push'`)
    .get(task.id);
  return {
    labelled,
    noticed: witness.request(`GET /repos/${task.repo}/issues`, labelled),
    queued: task.createdAt,
    claimed: state('preparing'),
    fetched: attempt.createdAt,
    created: witness.container(task, 'create'),
    started: witness.container(task, 'start'),
    agentBegan: required(said[0], 'agent began'),
    agentEnded: required(said[1], 'agent ended'),
    exited: witness.container(task, 'die'),
    imported: required(ofTask.find(({ type }) => type === 'git')?.at, 'import'),
    cleared: state('verifying'),
    verified: state('publishing'),
    pushed: required(pushed?.at, 'push'),
    opened: witness.request(`POST /repos/${task.repo}/pulls`, labelled),
    inReview: state('in_review'),
  };
}

interface EngineEvent {
  Action: string;
  Actor: { Attributes: Record<string, string | undefined> };
  timeNano: number;
}

function readEvent(line: string): Seen {
  const { Action, Actor, timeNano } = JSON.parse(line) as EngineEvent;
  const { 'forge.task': task, 'forge.role': role } = Actor.Attributes;
  return { at: timeNano / 1e6, what: `${task} ${role} ${Action}` };
}

function first(seen: readonly Seen[], what: string, after: number): number {
  return required(seen.find((one) => one.what === what && one.at >= after)?.at, what);
}

function required<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new Error(`the task left no trace of: ${what}`);
  return value;
}
