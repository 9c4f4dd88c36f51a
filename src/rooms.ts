import type { Logger } from 'pino';
import type { AgentAdapter } from './agent/adapter.ts';
import type { Clock } from './clock.ts';
import type { Config } from './config/config.ts';
import type { ContainerEngine } from './container/engine.ts';
import type { EventLog } from './events/event-log.ts';
import type { ModelCredential } from './gateway/gateway.ts';
import type { GitHub } from './github/client.ts';
import type { Outbox } from './queue/outbox.ts';
import type { TaskQueue } from './queue/task-queue.ts';
import { changeTitle } from './task/names.ts';
import type { AgentName, Attempt, Task } from './task/task.ts';
import type { Workspace } from './workspace/layout.ts';
import type { Workspaces } from './workspace/workspaces.ts';

/** Everything an attempt reaches the outside through; composed once, in `daemon/compose.ts`. */
export interface Rooms {
  config: Config;
  clock: Clock;
  logger: Logger;
  queue: TaskQueue;
  events: EventLog;
  outbox: Outbox;
  github: GitHub;
  workspaces: Workspaces;
  engine: ContainerEngine;
  /** Who every container runs as, and who owns what it may write. */
  containerUser: { uid: number; gid: number };
  /** The folder with the entrypoint that every container mounts. */
  agentFiles: string;
  modelCredential: ModelCredential | null;
  agentAdapter(name: AgentName): AgentAdapter;
  /** Builds the image on first use; the promise is shared. */
  agentImage(name: AgentName): Promise<string>;
}

/** What all containers of an attempt have in common, whatever their role. */
export async function containerBasics(task: Task, attempt: Attempt, workspace: Workspace, rooms: Rooms) {
  const { config, containerUser, agentFiles } = rooms;
  return {
    home: config.home,
    taskId: task.id,
    attempt: attempt.number,
    generation: task.generation,
    image: await rooms.agentImage(task.agent),
    user: containerUser,
    limits: { cpus: config.cpus, memoryBytes: config.memoryBytes, pids: config.pids },
    paths: workspace,
    binDir: agentFiles,
    message: changeTitle(task),
    baseSha: attempt.baseSha,
    startSha: attempt.startSha,
  };
}
