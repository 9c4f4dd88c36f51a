import type { TaskEvent } from '../task/event.ts';
import { clockTime } from './format.ts';
import { inertJson, inertLines } from './inert.ts';

/** `HH:MM:SS  type  text`, every line of the text with all of it; `withTask` puts the task's id in between. */
export function eventLines(event: TaskEvent, withTask: boolean): string[] {
  const type = event.type.padEnd('gateway.denied'.length);
  const head = [clockTime(event.at), ...(withTask ? [event.taskId] : []), type].join('  ');
  return inertLines(event.text).map((line) => `${head}  ${line}`.trimEnd());
}

/** The event as one line of JSON; its own data never replaces a field that every event has. */
export function eventJson(event: TaskEvent): string {
  const fields = {
    seq: event.seq,
    at: new Date(event.at).toISOString(),
    task: event.taskId,
    attempt: event.attempt,
    type: event.type,
    text: event.text,
  };
  return inertJson(JSON.stringify({ ...fields, ...event.data, ...fields }));
}
