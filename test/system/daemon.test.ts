import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { engineContainers, inspectContainer } from '../support/engine.ts';
import { openWorld, until, type World } from '../support/world.ts';

/** Works until somebody puts a file into its workspace; then it is done. */
const WAITING_AGENT =
  'echo begun; until [ -e go ]; do sleep 0.2; done; rm go; echo done > done.txt; echo ended';

test.concurrent('a second daemon is refused with the pid of the first', async (hooks) => {
  const world = await openWorld({ env: { FORGE_AGENT_COMMAND: 'true' } }, hooks);
  const { daemon } = await world.status();
  const second = await world.forge('start');
  expect(second).toMatchObject({ code: 1, stdout: '' });
  expect(second.stderr).toContain(`already running (pid ${daemon.pid})`);
  expect((await world.status()).daemon.pid).toBe(daemon.pid);
});

test.concurrent('a repository that cannot be reached is told of, and holds the others up in nothing', async (hooks) => {
  const world = await openWorld({ env: { FORGE_AGENT_COMMAND: 'echo x > x.txt' } }, hooks);
  await world.forge('stop');
  world.env.FORGE_REPOS = `ada/no-such,${world.repo}`;
  const started = await world.forge('start');
  expect(started).toMatchObject({ code: 0, stdout: expect.stringMatching(/pid \d+/) });
  expect(started.stderr).toContain('ada/no-such cannot be watched');
  await world.task(world.labelledIssue('Still'), ({ state }) => state === 'in_review');
});

test.concurrent('without a daemon the database answers, and commands that need one say how to get it', async (hooks) => {
  const world = await openWorld({ env: { FORGE_AGENT_COMMAND: 'true' } }, hooks);
  const task = await world.task(world.labelledIssue('Nothing'), ({ state }) => state === 'closed');
  expect(await world.forge('stop')).toMatchObject({ code: 0 });
  const status = await world.forge('status', '--json');
  expect(status.code).toBe(3);
  expect(JSON.parse(status.stdout)).toMatchObject({
    daemon: { running: false, pid: null },
    tasks: [{ id: task.id }],
  });
  expect(await world.forge('pause')).toMatchObject({
    code: 3,
    stderr: expect.stringContaining('forge start'),
  });
  expect(await world.forge('stop')).toMatchObject({ code: 3 });
});

test.concurrent('a stop pauses the container, and the next start goes on with it: one attempt, no line lost or doubled', async (hooks) => {
  const world = await openWorld({ env: { FORGE_AGENT_COMMAND: WAITING_AGENT } }, hooks);
  const issue = world.labelledIssue('Wait');
  const running = await begun(world, issue);
  expect(await world.forge('stop')).toMatchObject({ code: 0 });
  const [container] = await engineContainers(world.home);
  expect(container?.State).toBe('paused');

  await world.start();
  await letGo(world, running.id);
  const task = await world.task(issue, ({ state }) => state === 'in_review');
  expect(task.attempt?.number).toBe(1);
  expect(await outputOf(world, task.id)).toEqual(['begun', 'ended']);
});

test.concurrent('a killed daemon leaves the agent at work, and the next one takes it up', async (hooks) => {
  const world = await openWorld({ env: { FORGE_AGENT_COMMAND: WAITING_AGENT } }, hooks);
  const issue = world.labelledIssue('Survive');
  const running = await begun(world, issue);
  const { pid } = (await world.status()).daemon;
  process.kill(Number(pid), 'SIGKILL');
  await letGo(world, running.id);
  await until('the container to end by itself', async () => {
    const [container] = await engineContainers(world.home);
    return { done: container?.State === 'exited' ? true : null, seen: container?.State };
  });

  await world.start();
  const task = await world.task(issue, ({ state }) => state === 'in_review');
  expect(task.attempt?.number).toBe(1);
  expect(await outputOf(world, task.id)).toEqual(['begun', 'ended']);
  expect(world.github.pullRequests(world.repo)).toHaveLength(1);
  expect(world.github.comments(world.repo, issue)).toHaveLength(1);
});

test.concurrent('stop --now ends the container, keeps its work, and costs no attempt', async (hooks) => {
  const agent = `echo half > half.txt; ${WAITING_AGENT}`;
  const world = await openWorld({ env: { FORGE_AGENT_COMMAND: agent, FORGE_MAX_ATTEMPTS: '1' } }, hooks);
  const issue = world.labelledIssue('Now');
  const first = await begun(world, issue);
  expect(await world.forge('stop', '--now')).toMatchObject({ code: 0 });
  expect(await engineContainers(world.home)).toEqual([]);
  expect(world.keptFile(first.id, 1, 'half.txt')).toBe('half\n');

  await world.start();
  const second = await world.task(
    issue,
    ({ state, attempt }) => state === 'running' && attempt?.number === 2,
  );
  await letGo(world, second.id, 2);
  await world.task(issue, ({ state }) => state === 'in_review');
});

test.concurrent('SIGTERM drains as a stop does', async (hooks) => {
  const world = await openWorld({ env: { FORGE_AGENT_COMMAND: WAITING_AGENT } }, hooks);
  await begun(world, world.labelledIssue('Term'));
  const { pid } = (await world.status()).daemon;
  const toldAt = performance.now();
  process.kill(Number(pid), 'SIGTERM');
  await until('the daemon to be gone', async () => {
    const { code } = await world.forge('status', '--json');
    return { done: code === 3 ? true : null, seen: code };
  });
  expect(performance.now() - toldAt).toBeLessThan(10_000);
  expect((await engineContainers(world.home))[0]?.State).toBe('paused');
});

test.concurrent('a cancelled task stops at once, keeps its work and publishes nothing; retried, it begins anew', async (hooks) => {
  const agent = `echo half > half.txt; ${WAITING_AGENT}`;
  const world = await openWorld({ env: { FORGE_AGENT_COMMAND: agent } }, hooks);
  const issue = world.labelledIssue('Cancel');
  const { id } = await begun(world, issue);
  expect(await world.forge('cancel', id)).toMatchObject({ code: 0 });
  expect(await world.task(issue, () => true)).toMatchObject({
    state: 'cancelled',
    reason: expect.stringContaining('operator'),
  });
  expect(world.keptFile(id, 1, 'half.txt')).toBe('half\n');
  expect(await engineContainers(world.home)).toEqual([]);

  expect(await world.forge('retry', id)).toMatchObject({ code: 0 });
  await world.task(issue, ({ state, attempt }) => state === 'running' && attempt?.number === 2);
  await letGo(world, id, 2);
  await world.task(issue, ({ state }) => state === 'in_review');
});

test.concurrent('a revision can be cancelled like any attempt', async (hooks) => {
  const agent = `if grep -q 'exit code 1' "$FORGE_PROMPT_FILE"; then ${WAITING_AGENT}; else echo wrong > answer.txt; fi`;
  const files = { 'README.md': '', '.forge.yml': 'verify:\n  - test ! -e answer.txt\n' };
  const world = await openWorld({ files, env: { FORGE_AGENT_COMMAND: agent } }, hooks);
  const issue = world.labelledIssue('Revise');
  await world.task(issue, ({ attempt }) => attempt?.number === 2);
  const { id } = await begun(world, issue);
  expect(await world.forge('cancel', id)).toMatchObject({ code: 0 });
  expect(await world.task(issue, () => true)).toMatchObject({ state: 'cancelled' });
  expect(await engineContainers(world.home)).toEqual([]);
  expect(world.github.pullRequests(world.repo)).toEqual([]);
});

test.concurrent('a pause holds over a restart', async (hooks) => {
  const world = await openWorld({ env: { FORGE_AGENT_COMMAND: 'echo x > x.txt' } }, hooks);
  expect(await world.forge('pause')).toMatchObject({ code: 0 });
  await world.forge('stop');
  await world.start();
  const issue = world.labelledIssue('Later');
  await world.task(issue, ({ state }) => state === 'queued');
  expect((await world.status()).daemon.paused).toBe(true);
  expect(await world.forge('resume')).toMatchObject({ code: 0 });
  await world.task(issue, ({ state }) => state === 'in_review');
});

test.concurrent('the container is what the design says it is', async (hooks) => {
  const world = await openWorld(
    {
      env: { FORGE_AGENT_COMMAND: WAITING_AGENT, FORGE_PIDS: '100', FORGE_MEMORY: '256m' },
    },
    hooks,
  );
  const { id, attempt } = await begun(world, world.labelledIssue('Look'));
  const { Name, Config, HostConfig } = await inspectContainer(attempt?.container ?? '');
  expect(Name).toBe(`/forge-${id}-1`);
  expect(Config.Labels).toMatchObject({
    'forge.home': world.home,
    'forge.task': id,
    'forge.attempt': '1',
    'forge.generation': '1',
    'forge.role': 'agent',
  });
  expect(Config.User).not.toMatch(/^0?(:|$)/);
  expect(HostConfig).toMatchObject({
    NetworkMode: 'none',
    ReadonlyRootfs: true,
    Tmpfs: { '/tmp': expect.any(String), '/forge/home': expect.any(String) },
    CapDrop: ['ALL'],
    Init: true,
    PidsLimit: 100,
    Memory: 256 * 1024 ** 2,
  });
});

async function begun(world: World, issue: number) {
  const task = await world.task(issue, ({ state }) => state === 'running');
  await until('the agent to begin', async () => {
    const output = await outputOf(world, task.id);
    return { done: output.includes('begun') ? true : null, seen: output };
  });
  return world.task(issue, () => true);
}

function letGo(world: World, taskId: string, attempt = 1): Promise<void> {
  return writeFile(join(world.home, 'attempts', `${taskId}-${attempt}`, 'tree', 'go'), '', { mode: 0o666 });
}

async function outputOf(world: World, taskId: string): Promise<unknown[]> {
  const { stdout } = await world.forge('logs', taskId, '--json');
  const events = stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  return events.filter(({ type }) => type === 'output').map(({ text }) => text);
}
