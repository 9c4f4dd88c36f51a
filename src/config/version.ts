import { readFileSync } from 'node:fs';

/** forge's own version, from its `package.json`; the path is the same from `src` and from `dist`. */
export function forgeVersion(): string {
  const file = new URL('../../package.json', import.meta.url);
  const { version } = JSON.parse(readFileSync(file, 'utf8')) as { version: string };
  return version;
}
