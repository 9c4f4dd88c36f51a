import type { Logger } from 'pino';
import type { Clock } from '../clock.ts';
import type { Config } from '../config/config.ts';
import type { GitHub } from '../github/client.ts';
import type { TaskQueue } from '../queue/task-queue.ts';

export interface TriggerParts {
  config: Pick<Config, 'repos' | 'label' | 'pollSeconds' | 'agent'>;
  github: Pick<GitHub, 'labelledIssues' | 'issueListKey' | 'labelEvents' | 'permission'>;
  queue: Pick<TaskQueue, 'enqueue' | 'recordDecision' | 'hasDecision' | 'etag' | 'setEtag'>;
  clock: Clock;
  logger: Logger;
  signal: AbortSignal;
  /** Called after each task that was put on the queue. */
  wake?: () => void;
}
