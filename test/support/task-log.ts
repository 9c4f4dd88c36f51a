import { expect } from 'vitest';
import type { World } from './world.ts';

/** One line of `forge logs --json`: what CLI.md names, and whatever else an event of its type says. */
export interface LoggedEvent {
  [field: string]: unknown;
  seq: number;
  type: string;
  text: string;
}

/** All that `forge logs --json` tells of a task, oldest first. */
export async function eventsOf(world: World, task: string): Promise<LoggedEvent[]> {
  const { code, stdout, stderr } = await world.forge('logs', task, '--json');
  expect(code, stderr).toBe(0);
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as LoggedEvent);
}
