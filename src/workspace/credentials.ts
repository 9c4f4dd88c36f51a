import { chmod, mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Answers only prompts for the very server the command was started for: after a redirect git asks again with the
 * other server's name, and that one gets nothing.
 */
const SCRIPT = `#!/bin/sh
case "$1" in
  "Username for '$FORGE_GIT_SERVER'"*) echo x-access-token ;;
  "Password for '\${FORGE_GIT_SERVER%%://*}://x-access-token@\${FORGE_GIT_SERVER#*://}'"*) printf '%s\\n' "$FORGE_GIT_TOKEN" ;;
  *) exit 1 ;;
esac
`;

/** Writes the askpass script (0700, without any secret) below `home` and returns its path. Safe to repeat. */
export async function writeAskpass(home: string): Promise<string> {
  const file = join(home, 'git', 'askpass');
  await mkdir(join(home, 'git'), { recursive: true, mode: 0o700 });
  await writeFile(`${file}.new`, SCRIPT, { mode: 0o700 });
  await chmod(`${file}.new`, 0o700);
  await rename(`${file}.new`, file);
  return file;
}

/** What one network command gets beside its usual environment; the only place a token reaches a process. */
export function credentialEnvironment(askpass: string, url: URL, token: string): Record<string, string> {
  return { GIT_ASKPASS: askpass, FORGE_GIT_SERVER: `${url.protocol}//${url.host}`, FORGE_GIT_TOKEN: token };
}
