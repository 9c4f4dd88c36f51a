import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';

export const DEFAULT_HOME = '~/.forge';

/** The address family of unix sockets holds this many bytes of path. */
const MAX_SOCKET_PATH = 107;

/** Expands `~` and drops what does not belong to a path; a relative path stays relative, for `homeFault` to refuse. */
export function expandHome(text: string, env: NodeJS.ProcessEnv): string {
  const expanded = /^~(?=\/|$)/.test(text) ? join(env.HOME ?? homedir(), text.slice(1)) : text;
  return isAbsolute(expanded) ? resolve(expanded) : expanded;
}

/** What would be right where this cannot be forge's home; null when it can. */
export function homeFault(home: string): string | null {
  if (!isAbsolute(home)) return 'an absolute path';
  const longest = join(home, 'attempts/0123456789-999/run/gateway.sock');
  const excess = Buffer.byteLength(longest) - MAX_SOCKET_PATH;
  return excess > 0
    ? `a path ${excess} bytes shorter, because sockets below it cannot have longer names`
    : null;
}
