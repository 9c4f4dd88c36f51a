import { spawn } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { GitPluginError, type SimpleGitOptions, simpleGit } from 'simple-git';
import { ForgeError, messageOf } from '../errors.ts';
import { credentialEnvironment, writeAskpass } from './credentials.ts';
import { gitEnvironment } from './git-environment.ts';
import { gitFailure } from './git-failure.ts';
import { LOCAL_DEADLINE_MS, MAX_LISTING_BYTES } from './limits.ts';
import { collect, feed, tail } from './pipes.ts';

export interface GitCommand {
  gitDir: string;
  args: readonly string[];
  /** Beside the fixed environment. */
  env?: Readonly<Record<string, string>>;
  stdin?: Readable | string;
  /** Output beyond this ends the process. */
  maxOutputBytes?: number;
  deadlineMs?: number;
  signal?: AbortSignal | undefined;
}

export interface GitResult {
  stdout: Buffer;
  stderr: string;
  exitCode: number;
  /** The process was ended because it printed more than `maxOutputBytes`. */
  truncated: boolean;
}

/**
 * The one place where forge starts git on the host. Every process names its git directory, works in an empty
 * directory, inherits no configuration, has a deadline, and is a process group of its own, so that ending it ends its
 * helpers as well.
 */
export class Git {
  readonly #home: string;
  readonly #emptyDir: string;
  readonly #token: () => string | null;
  #askpass: Promise<string> | null = null;

  constructor(home: string, token: () => string | null) {
    this.#home = home;
    this.#emptyDir = join(home, 'git', 'empty');
    this.#token = token;
  }

  /** Asks a short question of a repository (no writing, no network) and returns what git printed. */
  async ask(gitDir: string, args: readonly string[], stdin?: string): Promise<string> {
    await this.#setUp();
    const env = gitEnvironment(this.#emptyDir, gitDir, process.env);
    const options: Partial<SimpleGitOptions> = {
      baseDir: this.#emptyDir,
      allowEnvironment: Object.keys(env),
      unsafe: OWN_SETTINGS,
      // By default simple-git settles 50 ms after `exit`, read to the end or not.
      completion: { onClose: true, onExit: false },
      timeout: { block: LOCAL_DEADLINE_MS },
      // By default simple-git takes a failure without words for success.
      errors: (error, { exitCode, stdErr }) =>
        error instanceof GitPluginError || exitCode === 0 ? error : Buffer.concat(stdErr),
      ...(stdin !== undefined && { input: () => stdin }),
    };
    try {
      return await simpleGit(options).env(env).raw(args.slice());
    } catch (error) {
      if (error instanceof GitPluginError) throw tooLate({ gitDir, args }, LOCAL_DEADLINE_MS);
      if (messageOf(error).includes('spawn git ENOENT')) throw noGit(error);
      throw failureOf({ gitDir, args }, { stderr: messageOf(error) });
    }
  }

  /** Runs git to its end and returns what it came to, whatever the exit code. */
  async run(command: GitCommand): Promise<GitResult> {
    await this.#setUp();
    return await runProcess(command, this.#emptyDir);
  }

  /** Like `run`, but any exit code other than 0 throws. */
  async do(command: GitCommand): Promise<GitResult> {
    const result = await this.run(command);
    if (result.exitCode !== 0 && !result.truncated) throw failureOf(command, result);
    return result;
  }

  /** Like `run`, for a command that talks to `url`: the only kind of process that is given the token. */
  async runRemote(url: URL, command: GitCommand): Promise<GitResult> {
    const askpass = await this.#setUp();
    const token = this.#token();
    const credential = token === null ? {} : credentialEnvironment(askpass, url, token);
    return await runProcess({ ...command, env: { ...command.env, ...credential } }, this.#emptyDir);
  }

  /** The error that a failed command of `runRemote` stands for. */
  remoteFailure(url: URL, command: GitCommand, { stderr }: GitResult): ForgeError {
    const secrets = [this.#token() ?? ''];
    return gitFailure({
      command: subcommand(command),
      gitDir: command.gitDir,
      url: url.href,
      stderr,
      secrets,
    });
  }

  /** The askpass script; written once, and tried again after a failure. */
  #setUp(): Promise<string> {
    this.#askpass ??= this.#writeFiles().catch((error: unknown) => {
      this.#askpass = null;
      throw error;
    });
    return this.#askpass;
  }

  async #writeFiles(): Promise<string> {
    await mkdir(this.#emptyDir, { recursive: true, mode: 0o700 });
    return await writeAskpass(this.#home);
  }
}

/** simple-git refuses these settings from callers it does not trust; here they only ever hold forge's own values. */
const OWN_SETTINGS: NonNullable<SimpleGitOptions['unsafe']> = {
  allowUnsafeHooksPath: true,
  allowUnsafeFsMonitor: true,
  allowUnsafeCredentialHelper: true,
  allowUnsafeProtocolOverride: true,
  allowUnsafeConfigEnvCount: true,
  allowUnsafeConfigPaths: true,
};

/** The error that a failed command without a remote stands for. */
export function failureOf(command: GitCommand, { stderr }: Pick<GitResult, 'stderr'>): ForgeError {
  return gitFailure({ command: subcommand(command), gitDir: command.gitDir, url: null, stderr, secrets: [] });
}

/** `-c name=value` may stand before it. */
function subcommand(command: GitCommand): string {
  return command.args.find((arg, index, all) => !arg.startsWith('-') && all[index - 1] !== '-c') ?? 'git';
}

const STDERR_TAIL_BYTES = 64 * 1024;
const KILL_AFTER_MS = 5_000;

async function runProcess(command: GitCommand, emptyDir: string): Promise<GitResult> {
  const { signal, deadlineMs = LOCAL_DEADLINE_MS, maxOutputBytes = MAX_LISTING_BYTES } = command;
  signal?.throwIfAborted();
  const child = spawn('git', [...command.args], {
    cwd: emptyDir,
    env: { ...gitEnvironment(emptyDir, command.gitDir, process.env), ...command.env },
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
  });
  const ended = new Promise<number>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve(code ?? -1));
  });
  let kill: NodeJS.Timeout | undefined;
  const end = () => {
    if (kill !== undefined || child.pid === undefined) return;
    signalGroup(child.pid, 'SIGTERM');
    kill = setTimeout(signalGroup, KILL_AFTER_MS, child.pid, 'SIGKILL');
  };
  let late = false;
  const deadline = setTimeout(() => {
    late = true;
    end();
  }, deadlineMs);
  signal?.addEventListener('abort', end, { once: true });
  const stdout = collect(child.stdout, maxOutputBytes, end);
  const stderr = tail(child.stderr, STDERR_TAIL_BYTES);
  const fed = feed(command.stdin, child.stdin).catch((error: unknown) => {
    end();
    return error;
  });
  try {
    const exitCode = await ended;
    signal?.throwIfAborted();
    if (late) throw tooLate(command, deadlineMs);
    const unfed = await fed;
    if (unfed !== undefined) throw unfed;
    return { stdout: stdout.bytes(), stderr: stderr(), exitCode, truncated: stdout.truncated() };
  } catch (error) {
    throw isMissing(error) ? noGit(error) : error;
  } finally {
    clearTimeout(deadline);
    clearTimeout(kill);
    signal?.removeEventListener('abort', end);
  }
}

/** The group may be gone already, and then there is nothing left to end. */
function signalGroup(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(-pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

function tooLate(command: GitCommand, deadlineMs: number): ForgeError {
  return new ForgeError(
    `git ${subcommand(command)} took longer than ${deadlineMs / 1000} seconds for ${command.gitDir}`,
    { category: 'unavailable', service: 'git', next: 'forge tries again by itself', data: { deadlineMs } },
  );
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error && error.syscall === 'spawn git';
}

function noGit(cause: unknown): ForgeError {
  return new ForgeError('git is not installed, or not on the PATH', {
    category: 'settings',
    service: 'git',
    next: 'Install git 2.39 or newer',
    cause,
  });
}
