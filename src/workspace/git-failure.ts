import { type ErrorCategory, ForgeError } from '../errors.ts';

export interface FailedGit {
  /** `fetch`, `push` … */
  command: string;
  gitDir: string;
  /** null: the command stayed on this machine. */
  url: string | null;
  stderr: string;
  /** Texts that must not be shown. */
  secrets: readonly string[];
}

interface Verdict {
  category: ErrorCategory;
  next: string;
}

const DISK_FULL = /No space left on device|Disk quota exceeded|Read-only file system/i;

/** The first pattern that matches what git printed decides; GIT_DIR stands for the directory. */
const VERDICTS: readonly [RegExp, Verdict][] = [
  [
    /Authentication failed|could not read (Username|Password)|terminal prompts disabled|error: 401/i,
    {
      category: 'unauthorized',
      next: 'Check GITHUB_TOKEN: it may have expired or lack access to this repository',
    },
  ],
  [
    /error: 403|Permission to .* denied|Write access to repository not granted/i,
    { category: 'forbidden', next: 'Give the token write access to the contents of this repository' },
  ],
  [
    /repository '.*' not found|error: 404|error: 410/i,
    { category: 'not_found', next: 'Check the name of the repository and that the token may see it' },
  ],
  [
    /SSL certificate problem|certificate verif|unable to get local issuer|CAfile/i,
    {
      category: 'settings',
      next: 'Set GIT_SSL_CAINFO to a file with the certificate authority of this server',
    },
  ],
  [
    /transport '.*' not allowed|unable to update url base from redirection/i,
    { category: 'invalid', next: 'The address must be http or https and must not lead elsewhere' },
  ],
  [DISK_FULL, { category: 'unavailable', next: 'Make room on the disk that holds FORGE_HOME' }],
  [
    /fsck error/i,
    { category: 'invalid', next: "Run 'git fsck' in a clone: the repository holds objects it complains of" },
  ],
  [
    /not a git repository|corrupt|bad (object|signature|config|tree)|reference broken|missing (blob|tree|commit)|is empty|packed-refs|packfile|unable to read|inflate|did not send all necessary objects/i,
    { category: 'invalid', next: 'Move GIT_DIR away; forge fetches the repository anew' },
  ],
  [
    /Could not resolve|Failed to connect|Connection (refused|reset|timed out)|error: (429|5\d\d)|RPC failed|early EOF|hung up|disconnect|Operation (too slow|timed out)|transfer closed|Empty reply|unable to access|curl \d+|gnutls|SSL_|fetch-pack: |expected flush|protocol error|bad line length|broken pipe/i,
    { category: 'unavailable', next: 'forge tries again by itself' },
  ],
];

/**
 * What a failed git process means, read from its (English) standard error. The message names the command and what it
 * was for; secrets, credentials in addresses and control characters are taken out first.
 */
export function gitFailure({ command, gitDir, url, stderr, secrets }: FailedGit): ForgeError {
  const verdict = VERDICTS.find(([pattern]) => pattern.test(stderr))?.[1];
  const reason = lastWords(stderr, secrets);
  return new ForgeError(`git ${command} failed for ${scrub(url ?? gitDir, secrets)}: ${reason}`, {
    category: verdict?.category ?? 'internal',
    service: 'git',
    ...(verdict && { next: verdict.next.replace('GIT_DIR', gitDir) }),
  });
}

/** Whether git failed for a reason that lies in this machine and passes. */
export function isDiskFull(stderr: string): boolean {
  return DISK_FULL.test(stderr);
}

/** Text of git that may be shown: without secrets, userinfo in addresses, and control characters but newlines. */
export function scrub(text: string, secrets: readonly string[]): string {
  const named = secrets.reduce(
    (rest, secret) => (secret === '' ? rest : rest.replaceAll(secret, '***')),
    text,
  );
  return named.replace(/([a-z][a-z0-9+.-]*:\/\/)[^\s/@'"]+@/gi, '$1').replace(/[^\P{Cc}\n]/gu, '');
}

/** Of what git printed, the lines that say what went wrong and not the progress before them; fit to be shown. */
export function lastWords(stderr: string, secrets: readonly string[]): string {
  const lines = scrub(stderr, secrets)
    .split('\n')
    .map((line) => line.trim());
  const told = lines.filter((line) => /^(fatal|error|remote): ?\S/.test(line));
  const chosen = (told.length > 0 ? told : lines.filter((line) => line !== '')).slice(-4);
  return chosen.join('; ').slice(0, 500) || 'it said nothing';
}
