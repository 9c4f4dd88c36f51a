import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { pino } from 'pino';
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { DaemonControl } from '../api/control.ts';
import { serveApi } from '../api/server.ts';
import { allCounts } from '../api/status-json.ts';
import { taskJson } from '../api/task-json.ts';
import { ForgeError } from '../errors.ts';
import { EventLog } from '../events/event-log.ts';
import { TaskQueue } from '../queue/task-queue.ts';
import { type Database, openDatabase } from '../store/open-database.ts';
import type { RepoName } from '../task/ids.ts';
import type { Task } from '../task/task.ts';

const NOW = Date.parse('2026-03-01T12:00:00Z');
const MAIN = fileURLToPath(new URL('./main.ts', import.meta.url));

/** Shared, so that only the first of the many processes compiles what they all load. */
const compileCache = mkdtempSync(join(tmpdir(), 'forge-cli-cache-'));
afterAll(() => rmSync(compileCache, { recursive: true }));

let root: string;
let home: string;
let cleanUp: (() => unknown)[];

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'forge-cli-'));
  home = join(root, 'home');
  mkdirSync(home, { mode: 0o700 });
  cleanUp = [() => rmSync(root, { recursive: true })];
});
afterEach(async () => {
  for (const action of cleanUp.reverse()) await action();
});

interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

function start(args: string[], env: NodeJS.ProcessEnv = {}, nodeArgs: string[] = []) {
  return spawn(process.execPath, [...nodeArgs, MAIN, ...args], {
    cwd: root,
    env: { PATH: process.env.PATH, HOME: root, FORGE_HOME: home, NODE_COMPILE_CACHE: compileCache, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

async function forge(...given: Parameters<typeof start>): Promise<Ended> {
  const child = start(...given);
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close') as Promise<[number | null]>,
  ]);
  return { code, stdout, stderr };
}

/** The database as a daemon would have left it, with one task. */
function seed(): { db: Database; queue: TaskQueue; events: EventLog; task: Task } {
  const clock = { now: () => NOW };
  const db = openDatabase(join(home, 'forge.db'));
  cleanUp.push(() => db.close());
  const events = new EventLog(db, clock);
  const queue = new TaskQueue(db, clock, events);
  const title = 'Fix \x1b]0;owned\x07 it';
  const result = queue.enqueue({
    repo: 'acme/app' as RepoName,
    issue: 7,
    title,
    triggerEvent: '1',
    priority: 1,
    agent: 'command',
    branch: 'forge/issue-7-fix-it',
    evidence: {
      title,
      body: '',
      author: 'octocat',
      labels: ['forge'],
      appliedBy: { login: 'maintainer', id: 1, permission: 'write' },
      appliedAt: NOW,
      url: 'https://github.com/acme/app/issues/7',
    },
  });
  if (result.kind !== 'enqueued') throw new Error(result.kind);
  return { db, queue, events, task: result.task };
}

async function serve(override: Partial<DaemonControl>): Promise<void> {
  const nothing = () => {
    throw new ForgeError('not in this test', { category: 'internal', service: 'forge' });
  };
  const none = { status: nothing, tasks: nothing, task: nothing, cancel: nothing, retry: nothing };
  const handlers = { ...none, pause: nothing, resume: nothing, stop: nothing, ...override };
  const logger = pino({ level: 'silent' });
  const server = await serveApi({ socketPath: join(home, 'forge.sock'), handlers, logger });
  cleanUp.push(server.close);
}

describe('exit codes', () => {
  test.each([
    [['--version'], 0],
    [['--help'], 0],
    [[], 2],
    [['tasks', '--state', 'asleep'], 2],
    [['show'], 2],
    [['status'], 3],
    [['stop'], 3],
    [['pause'], 3],
    [['show', 'k3j4'], 1],
    [['start', '--foreground'], 78],
    [['restart'], 78],
    [['config'], 78],
  ])('forge %j ends with %i', async (args, code) => {
    const ended = await forge(args);
    expect(ended).toMatchObject({ code });
    // One thing is wrong, so one line says so, with what to do; faults in settings are a line each.
    if (code === 1 || code === 3) expect(ended.stderr).toMatch(/^forge: [^\n]+\. [^\n]+\n$/);
    if (code === 0) expect(ended.stderr).toBe('');
  });

  test('a misspelt command or option gets a suggestion, on standard error alone', async () => {
    const [command, option] = await Promise.all([forge(['statsu']), forge(['status', '--jsno'])]);
    expect(command).toEqual({
      code: 2,
      stdout: '',
      stderr: "forge: unknown command 'statsu' (Did you mean status?). See forge --help\n",
    });
    expect(option.stderr).toContain('Did you mean --json?');
  });

  test('wrong settings are all named before anything starts', async () => {
    const ended = await forge(['start'], { FORGE_CPUS: 'many', GITHUB_TOKEN: 'ghp secret' });
    expect(ended).toMatchObject({ code: 78, stdout: '' });
    expect(ended.stderr.split('\n')).toEqual([
      'forge: 4 settings are wrong:',
      '  GITHUB_TOKEN (from environment): one word without spaces or line breaks',
      '  FORGE_CPUS=many (from environment): a number of CPUs, at least 0.01 and at most 1024',
      expect.stringContaining('  FORGE_REPOS (not set): '),
      expect.stringContaining('  ANTHROPIC_API_KEY (not set): '),
      expect.stringContaining('forge config'),
      '',
    ]);
    expect(readdirSync(home)).toEqual([]);
  });

  test('only --verbose adds the stack', async () => {
    const [quiet, verbose] = await Promise.all([forge(['pause']), forge(['pause', '--verbose'])]);
    expect(quiet.stderr).not.toContain('    at ');
    expect(verbose.stderr.startsWith(quiet.stderr)).toBe(true);
    expect(verbose.stderr).toMatch(/\n {4}at .*client/);
  });
});

describe('what is loaded', () => {
  const HEAVY = /node_modules\/(@octokit|dockerode|docker-modem|fastify|simple-git|ink|react|pino)\//;

  async function loaded(args: string[]): Promise<string> {
    const hook = join(root, 'hook.mjs');
    writeFileSync(
      hook,
      `import { registerHooks } from 'node:module';
       registerHooks({ load: (url, context, next) => (process.stderr.write('LOADED ' + url + '\\n'), next(url, context)) });`,
    );
    return (await forge(args, {}, ['--import', hook])).stderr;
  }

  test.each([[['--version']], [['--help']], [['status', '--json']], [['tasks']]])(
    'forge %j loads nothing heavy',
    async (args) => {
      seed();
      const modules = await loaded(args);
      expect(modules).toMatch(/LOADED .*node_modules\/commander\//);
      expect(modules.split('\n').filter((line) => HEAVY.test(line))).toEqual([]);
      // The database is read where it is asked for, and not otherwise.
      expect(/better-sqlite3/.test(modules)).toBe(!args[0]?.startsWith('--'));
    },
  );
});

describe('without a daemon', () => {
  test('status answers from the database, as JSON and for a person', async () => {
    const { task, queue } = seed();
    queue.pause();
    const [json, human] = await Promise.all([forge(['status', '--json']), forge(['status'])]);
    expect(json.code).toBe(3);
    expect(JSON.parse(json.stdout)).toEqual({
      daemon: {
        running: false,
        pid: null,
        version: expect.stringMatching(/^\d+\.\d+\.\d+/),
        startedAt: null,
        paused: true,
        github: { remaining: null, resetAt: null },
      },
      counts: allCounts({ queued: 1 }),
      tasks: [JSON.parse(JSON.stringify(taskJson(task, [])))],
    });
    expect(human.code).toBe(3);
    expect(human.stdout).toMatch(/^forge is not running, paused/);
    expect(human.stdout).toContain('1 queued');
    expect(human.stdout).toContain('Fix \\x1b]0;owned\\x07 it');
    expect(human.stdout).not.toContain('\x1b');
  });

  test('tasks filters by state, show finds a task by its issue', async () => {
    const { task } = seed();
    const [all, failed, show, showJson] = await Promise.all([
      forge(['tasks', '--json']),
      forge(['tasks', '--json', '--state', 'failed']),
      forge(['show', '#7']),
      forge(['show', task.id.slice(0, 4), '--json']),
    ]);
    expect(JSON.parse(all.stdout)).toMatchObject([{ id: task.id, state: 'queued', agent: 'command' }]);
    expect(failed).toEqual({ code: 0, stdout: '[]\n', stderr: '' });
    expect(show.stdout).toContain('labelled by:  maintainer (write)');
    expect(show.stdout).not.toContain('\x1b');
    expect(JSON.parse(showJson.stdout)).toEqual(JSON.parse(JSON.stringify(taskJson(task, []))));
  });

  test('logs prints a line for each line, and as JSON an event a line', async () => {
    const { task, events } = seed();
    events.append(task.id, 1, {
      type: 'output',
      text: 'one\n\x1b[2Jtwo\n',
      data: { stream: 'stderr', seq: 'forged' },
    });
    const [human, json] = await Promise.all([forge(['logs', '#7']), forge(['logs', '--json'])]);
    const lines = human.stdout.split('\n');
    expect(lines.slice(-3)).toEqual([
      expect.stringMatching(/^\d\d:\d\d:\d\d {2}output {10}one$/),
      expect.stringMatching(/^\d\d:\d\d:\d\d {2}output {10}\\x1b\[2Jtwo$/),
      '',
    ]);
    const last = json.stdout.trimEnd().split('\n').at(-1) ?? '';
    expect(JSON.parse(last)).toEqual({
      seq: expect.any(Number),
      at: '2026-03-01T12:00:00.000Z',
      task: task.id,
      attempt: 1,
      type: 'output',
      text: 'one\n\x1b[2Jtwo\n',
      stream: 'stderr',
    });
  });

  test('logs -f goes on until the task has ended, and misses nothing', async () => {
    const { task, events, queue } = seed();
    const child = start(['logs', '#7', '-f', '--json']);
    const output = text(child.stdout);
    await once(child.stdout, 'readable');
    events.append(task.id, null, { type: 'system', text: 'later' });
    events.append(task.id, null, { type: 'system', text: 'last' });
    queue.cancelIdle(task.id, 'by a person');
    const [code] = (await once(child, 'close')) as [number];
    expect(code).toBe(0);
    const seen = (await output).trimEnd().split('\n');
    expect(seen.map((line) => (JSON.parse(line) as { seq: number }).seq)).toEqual(
      events.read({ taskId: task.id }).map(({ seq }) => seq),
    );
    expect(seen.join()).toContain('later');
  });

  test('a reader that has seen enough ends it quietly', async () => {
    const { task, events, db } = seed();
    db.transaction(() => {
      for (let line = 0; line < 5000; line++)
        events.append(task.id, null, { type: 'output', text: 'x'.repeat(100) });
    })();
    const child = start(['logs']);
    await once(child.stdout, 'readable');
    child.stdout.destroy();
    const [stderr, [code]] = await Promise.all([text(child.stderr), once(child, 'close')]);
    expect({ stderr, code }).toEqual({ stderr: '', code: 0 });
  });
});

describe('with a daemon', () => {
  test('what it is told arrives, and its refusal is this command’s', async () => {
    const { task, queue } = seed();
    const asked: string[] = [];
    const told = (what: string) => (name?: string) => {
      asked.push(name === undefined ? what : `${what} ${name}`);
      return taskJson(task, []);
    };
    await serve({
      pause: () => void told('pause')(),
      resume: () => void told('resume')(),
      retry: told('retry'),
      cancel: (name) => taskJson(queue.resolve(name), []),
    });
    expect(await forge(['pause'])).toMatchObject({ code: 0, stdout: 'forge is paused\n' });
    expect(await forge(['resume'])).toMatchObject({ code: 0 });
    expect(await forge(['retry', 'acme/app#7'])).toMatchObject({ code: 0, stdout: `${task.id} queued\n` });
    expect(asked).toEqual(['pause', 'resume', 'retry acme/app#7']);
    expect(await forge(['cancel', 'zzzz'])).toMatchObject({
      code: 1,
      stderr: 'forge: there is no task zzzz. See `forge tasks` for what there is\n',
    });
  });

  test('stop waits until its process is gone', async () => {
    const daemon = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
    cleanUp.push(() => daemon.kill());
    const ended: string[] = [];
    daemon.once('exit', () => ended.push('daemon'));
    const how: object[] = [];
    await serve({
      status: () => ({
        daemon: {
          running: true,
          pid: Number(daemon.pid),
          version: '0.1.0',
          startedAt: null,
          paused: false,
          github: { remaining: null, resetAt: null },
        },
        counts: allCounts({}),
        tasks: [],
      }),
      stop: (given) => void how.push(given),
    });
    const child = start(['stop', '--now']);
    const output = text(child.stdout);
    // It says that it waits, and only then is there an end to wait for.
    await once(child.stderr, 'data');
    daemon.kill();
    const [code] = (await once(child, 'close')) as [number];
    expect(code).toBe(0);
    expect(await output).toBe('forge has stopped\n');
    expect(ended).toEqual(['daemon']);
    expect(how).toEqual([{ now: true }]);
  });
});
