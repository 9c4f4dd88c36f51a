import type { Logger } from 'pino';
import type { Clock } from '../clock.ts';
import type { Config } from '../config/config.ts';
import type { GitHub } from '../github/client.ts';
import type { RepoName, TaskId } from '../task/ids.ts';
import type { Evidence, Task } from '../task/task.ts';

/** What the trigger needs of the queue. */
export interface TriggerQueue {
  enqueue(
    task: Pick<Task, 'repo' | 'issue' | 'title' | 'triggerEvent' | 'priority' | 'agent' | 'branch'> & {
      evidence: Evidence;
    },
  ):
    | { kind: 'enqueued'; task: Task }
    | { kind: 'duplicate'; taskId: TaskId }
    | { kind: 'already_open'; taskId: TaskId };
  recordDecision(decision: Decision): void;
  hasDecision(repo: RepoName, triggerEvent: string): boolean;
  etag(key: string): string | null;
  setEtag(key: string, etag: string): void;
}

export interface Decision {
  repo: RepoName;
  issue: number;
  triggerEvent: string | null;
  admitted: boolean;
  reason: string;
  at: number;
}

export interface TriggerParts {
  config: Pick<Config, 'repos' | 'label' | 'pollSeconds' | 'agent'>;
  github: Pick<GitHub, 'labelledIssues' | 'issueListKey' | 'labelEvents' | 'permission'>;
  queue: TriggerQueue;
  clock: Clock;
  logger: Logger;
  signal: AbortSignal;
  /** Called after each task that was put on the queue. */
  wake?: () => void;
}
