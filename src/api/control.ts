import type { TaskState } from '../task/state.ts';
import type { StatusJson } from './status-json.ts';
import type { TaskJson } from './task-json.ts';

type Answer<T> = T | Promise<T>;

/**
 * What can be asked of a running daemon. A task is named as a person names it: an id or an unambiguous start of one,
 * `owner/repo#n`, or `#n`. A refusal is a thrown `ForgeError`, which the caller at the other end sees again.
 */
export interface DaemonControl {
  status(): Answer<StatusJson>;
  /** null: in any state. */
  tasks(state: TaskState | null): Answer<TaskJson[]>;
  task(name: string): Answer<TaskJson>;
  cancel(name: string): Answer<TaskJson>;
  retry(name: string): Answer<TaskJson>;
  pause(): Answer<void>;
  resume(): Answer<void>;
  /** Begins to stop and returns; the process ends when it has drained. `now` stops the containers as well. */
  stop(how: { now: boolean }): Answer<void>;
}
