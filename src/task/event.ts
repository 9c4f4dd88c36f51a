import type { TaskId } from './ids.ts';

export const EVENT_TYPES = [
  'state',
  'system',
  'git',
  'agent.text',
  'agent.tool',
  'agent.result',
  'output',
  'gateway.denied',
  'verify',
  'policy',
  'usage',
] as const;

export type EventType = (typeof EVENT_TYPES)[number];

/** One line of a task's log, before it is stored. */
export interface NewEvent {
  type: EventType;
  text: string;
  /** More fields of the JSON line, for example `stream` of an `output`. */
  data?: Readonly<Record<string, unknown>>;
}

/** One stored line; `seq` grows over all tasks and is never used twice. */
export interface TaskEvent extends NewEvent {
  seq: number;
  taskId: TaskId;
  /** ms since epoch. */
  at: number;
  attempt: number | null;
}
