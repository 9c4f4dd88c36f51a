import { setTimeout } from 'node:timers/promises';
import type { TaskEvent } from '../task/event.ts';
import type { TaskId } from '../task/ids.ts';
import { isFinal } from '../task/state.ts';
import type { Records } from './records.ts';

const POLL_MS = 250;
const PAGE = 500;

/**
 * The events of a task, or of all (`taskId` null), oldest first. Following ends when the task has; that of all tasks
 * never does. It polls the database, so it goes on through a restart of the daemon.
 */
export async function* taskEvents(
  { queue, events }: Records,
  wanted: { taskId: TaskId | null; follow: boolean },
): AsyncGenerator<TaskEvent> {
  const { taskId, follow } = wanted;
  let afterSeq = 0;
  while (true) {
    // Asked before reading: nothing comes after the event of the last move.
    const ended = !follow || (taskId !== null && isFinal(queue.require(taskId).state));
    let page: TaskEvent[];
    do {
      page = events.read({ ...(taskId === null ? {} : { taskId }), afterSeq, limit: PAGE });
      yield* page;
      afterSeq = page.at(-1)?.seq ?? afterSeq;
    } while (page.length === PAGE);
    if (ended) return;
    await setTimeout(POLL_MS);
  }
}
