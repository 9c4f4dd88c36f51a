import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { isAlive } from './process-alive.ts';
import { spawnDaemon } from './spawn-daemon.ts';

let directory: string;
let logFile: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'forge-spawn-'));
  logFile = join(directory, 'daemon.log');
});
afterEach(() => rmSync(directory, { recursive: true }));

/** A script in the daemon's place, with what it needs from the CLI in reach; it logs its pid first. */
function daemonScript(script: string): string {
  const file = join(directory, 'daemon.ts');
  writeFileSync(
    file,
    `import { announcer } from ${moduleName('./announce.ts')};
     import { ForgeError } from ${moduleName('../errors.ts')};
     console.log(process.pid);
     ${script}`,
  );
  return file;
}

function moduleName(path: string): string {
  return JSON.stringify(new URL(path, import.meta.url).href);
}

function start(script: string, readyMs = 10_000) {
  return spawnDaemon({ args: [daemonScript(script)], logFile, readyMs });
}

function loggedPid(): number {
  return Number(readFileSync(logFile, 'utf8').split('\n')[0]);
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 10));
}

test('a daemon that is ready goes on by itself, its output in a private log', async () => {
  const script = `announcer().ready({ pid: process.pid, warnings: ['careful'] });
    process.on('disconnect', () => console.log('alone'));
    setInterval(() => {}, 1000);`;
  const { pid, warnings } = await start(script);
  expect(pid).toBe(loggedPid());
  expect(warnings).toEqual(['careful']);
  expect(isAlive(pid)).toBe(true);
  expect(statSync(logFile).mode & 0o777).toBe(0o600);
  await until(() => readFileSync(logFile, 'utf8').includes('alone'));
  process.kill(pid, 'SIGTERM');
  await until(() => !isAlive(pid));
});

test('the reason of a daemon that cannot start arrives whole, and it may still put its things away', async () => {
  const script = `await announcer().failed(
      new ForgeError('Docker does not answer', { category: 'unavailable', service: 'docker', next: 'Start it' }));
    setTimeout(() => console.log('put away'), 200);`;
  await expect(start(script)).rejects.toMatchObject({
    category: 'unavailable',
    service: 'docker',
    message: 'Docker does not answer',
    next: 'Start it',
  });
  expect(readFileSync(logFile, 'utf8')).toContain('put away');
  expect(isAlive(loggedPid())).toBe(false);
});

test('a daemon that says why and ends at once is still heard', async () => {
  const script = `await announcer().failed(new ForgeError('no', { category: 'conflict', service: 'forge' }));
    process.exit(1);`;
  await expect(start(script)).rejects.toMatchObject({ category: 'conflict', message: 'no' });
});

test('one that ends without a word is reported with its exit code and where its log is', async () => {
  await expect(start('process.exit(7);')).rejects.toMatchObject({
    category: 'internal',
    message: 'the daemon ended before it was ready (exit code 7)',
    next: `See ${logFile}`,
  });
});

test('one that never gets ready is ended, also when it minds no signal', async () => {
  await expect(
    start("process.on('SIGTERM', () => {}); setInterval(() => {}, 1000);", 1500),
  ).rejects.toMatchObject({
    category: 'unavailable',
    message: 'the daemon was not ready after 1.5 seconds',
  });
  expect(isAlive(loggedPid())).toBe(false);
});

test('a daemon whose starter is gone before it is ready ends too', async () => {
  const daemon = daemonScript('announcer(); setInterval(() => {}, 1000);');
  const starterFile = join(directory, 'starter.ts');
  const options = JSON.stringify({ args: [daemon], logFile });
  writeFileSync(
    starterFile,
    `import { spawnDaemon } from ${moduleName('./spawn-daemon.ts')}; await spawnDaemon(${options});`,
  );
  const starter = spawn(process.execPath, [starterFile], { stdio: 'ignore' });
  await until(() => existsSync(logFile) && loggedPid() > 0);
  starter.kill('SIGKILL');
  await until(() => !isAlive(loggedPid()));
});
