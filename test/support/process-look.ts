import { readdirSync, readFileSync } from 'node:fs';

/**
 * Hands on the command line of every process of the machine, and its environment where that may be read. While a
 * process becomes another program its environment is left out: nobody could say whose it was.
 */
export function eachProcess(
  look: (process: { commandLine: string; environment: Buffer | null }) => void,
): void {
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    const before = read(pid, 'cmdline');
    if (before === null || before.length === 0) continue;
    const environment = read(pid, 'environ');
    const isSame = read(pid, 'cmdline')?.equals(before) === true;
    const commandLine = before.toString().replaceAll('\0', ' ').trim();
    look({ commandLine, environment: isSame ? environment : null });
  }
}

/** null: it has ended, or belongs to somebody else. */
function read(pid: string, file: 'cmdline' | 'environ'): Buffer | null {
  try {
    return readFileSync(`/proc/${pid}/${file}`);
  } catch {
    return null;
  }
}
