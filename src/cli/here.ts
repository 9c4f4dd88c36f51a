import type { Place } from '../config/read-settings.ts';

/** Where this command was typed: the settings it sees come from there. */
export function here(): Place {
  return { env: process.env, cwd: process.cwd() };
}
