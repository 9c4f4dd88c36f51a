/**
 * What forge itself adds to a task: from the label to the container's start, and from the container's exit to the open
 * pull request, through the compiled daemon and a GitHub on 127.0.0.1, with an agent that does next to nothing. Beside
 * it, in the same run, the barest container that could have done the agent's work: `node bench/pipeline.ts [TASKS]`.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import Docker from 'dockerode';
import { systemClock } from '../src/clock.ts';
import { Closing } from '../src/closing.ts';
import { homePaths } from '../src/config/home-paths.ts';
import { loadConfig } from '../src/config/load-config.ts';
import { ensureAgentImage } from '../src/container/agent-image.ts';
import { ensureEngine } from '../src/container/ensure-engine.ts';
import { startDaemon } from '../src/demo/daemon-process.ts';
import { type DemoGitHub, startGitHub } from '../src/demo/github-server.ts';
import { EventLog } from '../src/events/event-log.ts';
import { TaskQueue } from '../src/queue/task-queue.ts';
import { type Database, openReadOnly } from '../src/store/open-database.ts';
import type { Task } from '../src/task/task.ts';
import { AGENT_COMMAND, type Mark, type Marks, marksOf, Witness } from './pipeline-marks.ts';
import { rawContainer } from './raw-container.ts';

const POLL_MS = 1000;
const PATIENCE_MS = 120_000;

/** In their order, without gaps: every ms between label and pull request is in one of them. */
const STAGES: readonly [name: string, from: Mark, to: Mark][] = [
  ['label -> noticed (waits for the poll)', 'labelled', 'noticed'],
  ['noticed -> queued', 'noticed', 'queued'],
  ['queued -> claimed', 'queued', 'claimed'],
  ['prepare: fetch', 'claimed', 'fetched'],
  ['prepare: workspace, create', 'fetched', 'created'],
  ['start', 'created', 'started'],
  ['entrypoint before the agent', 'started', 'agentBegan'],
  ['agent', 'agentBegan', 'agentEnded'],
  ['entrypoint collects', 'agentEnded', 'exited'],
  ['exit -> imported', 'exited', 'imported'],
  ['remains removed', 'imported', 'cleared'],
  ['verify', 'cleared', 'verified'],
  ['push', 'verified', 'pushed'],
  ['pull request', 'pushed', 'opened'],
];

const closing = new Closing();
try {
  await bench(Number(process.argv[2] ?? 10));
} finally {
  await closing.close();
}

async function bench(tasks: number): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), 'forge-bench-'));
  closing.defer(() => rm(dir, { recursive: true, force: true }));
  const witness = new Witness();
  const github = await startGitHub({ users: ['ada', 'forge-bot'], observe: witness.observe });
  closing.defer(() => github.close());
  const repo = await github.addRepository({
    ...{ owner: 'ada', name: 'app', private: true, defaultBranch: 'main' },
    files: { 'README.md': '# app\n', '.forge.yml': 'verify:\n  - test -f file\n' },
    collaborators: { 'forge-bot': 'write' },
  });
  const env = environment(dir, repo, github);
  const { config } = loadConfig({ env, cwd: dir });
  const engine = await ensureEngine({ dockerHost: config.dockerHost, onProgress: console.log });
  const { home } = config;
  const image = await ensureAgentImage({ engine, config, agent: 'command', home, onProgress: console.log });
  const daemon = await startDaemon(env, dir);
  closing.defer(() => daemon.stop());
  const db = openReadOnly(homePaths(config.home).database);
  if (db === null) throw new Error('the daemon has no database');
  closing.defer(() => db.close());
  // Without a socket's path dockerode goes by DOCKER_HOST.
  const docker = new Docker(config.dockerHost === null ? { socketPath: '/var/run/docker.sock' } : undefined);
  closing.defer(await witness.watchEngine(docker, config.home));

  const raw = rawContainer(docker, image, join(dir, 'raw'));
  const times: { marks: Marks; rawMs: number }[] = [];
  // The first task clones the mirror and warms the caches; it is not counted.
  for (let n = 0; n <= tasks; n++) {
    const rawMs = await raw();
    await delay(Math.random() * POLL_MS);
    const issue = github.openIssue({ repo, title: `Task ${n}`, body: 'Please.', author: 'ada' });
    const labelled = Date.now();
    github.label(repo, issue, config.label, 'ada');
    const marks = marksOf(await inReview(issue, db), labelled, db, witness);
    if (n > 0) times.push({ marks, rawMs });
  }
  report(times);
}

function environment(dir: string, repo: string, github: DemoGitHub): NodeJS.ProcessEnv {
  const { PATH, DOCKER_HOST, FORGE_BASE_IMAGE, FORGE_AGENT_IMAGE } = process.env;
  return {
    ...{ PATH, DOCKER_HOST, FORGE_BASE_IMAGE, FORGE_AGENT_IMAGE },
    FORGE_HOME: join(dir, 'home'),
    GITHUB_API_URL: github.apiUrl,
    GITHUB_TOKEN: github.account('forge-bot').token,
    FORGE_REPOS: repo,
    FORGE_POLL_SECONDS: String(POLL_MS / 1000),
    FORGE_AGENT: 'command',
    FORGE_AGENT_COMMAND: AGENT_COMMAND,
  };
}

async function inReview(issue: number, db: Database): Promise<Task> {
  const queue = new TaskQueue(db, systemClock, new EventLog(db, systemClock));
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    const task = queue.list().find((candidate) => candidate.issue === issue);
    if (task?.state === 'in_review') return task;
    if (performance.now() > deadline) throw new Error(`issue ${issue} is ${task?.state}: ${task?.reason}`);
    await delay(50);
  }
}

function report(times: readonly { marks: Marks; rawMs: number }[]): void {
  const raw = times.map(({ rawMs }) => rawMs);
  const span = (from: Mark, to: Mark) => times.map(({ marks }) => marks[to] - marks[from]);
  const print = (name: string, ms: readonly number[]) => {
    const cells = [at(ms, 0.5).toFixed(0), at(ms, 0.9).toFixed(0), (at(ms, 0.5) / at(raw, 0.5)).toFixed(2)];
    console.log(`${name.padEnd(42)} ${cells.map((cell) => cell.padStart(8)).join('')}`);
  };
  console.log(`${`${times.length} tasks, one after another`.padEnd(42)}   median     p90   / raw   (ms)`);
  for (const [name, from, to] of STAGES) print(name, span(from, to));
  console.log();
  print('label -> container start', span('labelled', 'started'));
  print('  without the wait for the poll', span('noticed', 'started'));
  print('container exit -> pull request', span('exited', 'opened'));
  print('raw create, attach, start, wait, remove', raw);
}

/** The value that this share of all is not above. */
function at(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}
