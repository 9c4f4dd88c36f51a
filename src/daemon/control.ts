import type { DaemonControl } from '../api/control.ts';
import { allCounts, STATUS_TASKS, type StatusJson } from '../api/status-json.ts';
import { isoTime, type TaskJson, taskJson } from '../api/task-json.ts';
import { closeAttempt } from '../attempt/close-attempt.ts';
import type { Interruption } from '../attempt/interruption.ts';
import { forgeVersion } from '../config/version.ts';
import type { Dispatcher } from '../queue/dispatcher.ts';
import type { Rooms } from '../rooms.ts';
import { isActive } from '../task/state.ts';
import type { Task } from '../task/task.ts';

export interface ControlParts {
  rooms: Rooms;
  dispatcher: Dispatcher;
  startedAt: number;
  /** Begins to stop and returns. */
  stop(interruption: Interruption): void;
}

/** What the control API may ask of this daemon. */
export function daemonControl({ rooms, dispatcher, startedAt, stop }: ControlParts): DaemonControl {
  const { queue } = rooms;
  const show = (task: Task): TaskJson => taskJson(task, queue.attempts(task.id));
  return {
    status: () => describeStatus(rooms, startedAt),
    tasks: (state) => queue.list(state === null ? {} : { state }).map(show),
    task: (name) => show(queue.resolve(name)),
    cancel: async (name) => {
      const task = queue.resolve(name);
      const interruption: Interruption = { kind: 'cancel', reason: 'cancelled by the operator' };
      await dispatcher.interrupt(task.id, interruption);
      const now = queue.require(task.id);
      if (now.state === 'cancelled' || (isActive(task.state) && now.state === 'in_review')) return show(now);
      // Nobody was at work on it, or could not put the end on record.
      await closeAttempt(now, rooms);
      return show(
        isActive(now.state)
          ? queue.cancel(now, interruption.reason)
          : queue.cancelIdle(now.id, interruption.reason),
      );
    },
    retry: (name) => show(queue.requeue(queue.resolve(name).id, 'retried by the operator')),
    pause: () => queue.pause(),
    resume: () => {
      queue.resume();
      dispatcher.look();
    },
    stop: ({ now }) => stop({ kind: now ? 'stop' : 'drain' }),
  };
}

function describeStatus({ queue, github }: Rooms, startedAt: number): StatusJson {
  const { remaining, resetAt } = github.rateLimit();
  return {
    daemon: {
      running: true,
      pid: process.pid,
      version: forgeVersion(),
      startedAt: isoTime(startedAt),
      paused: queue.isPaused(),
      github: { remaining, resetAt: isoTime(resetAt) },
    },
    counts: allCounts(queue.counts()),
    tasks: queue.list({ limit: STATUS_TASKS }).map((task) => taskJson(task, queue.attempts(task.id))),
  };
}
