import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { acquireInstanceLock } from './instance-lock.ts';

const HOLDER = `
  const { acquireInstanceLock } = await import(process.argv[1]);
  acquireInstanceLock(process.argv[2]);
  console.log('held');
  setInterval(() => {}, 1e6);
`;

function lockFile(): string {
  return join(mkdtempSync(join(tmpdir(), 'forge-lock-')), 'forge.lock');
}

async function holdElsewhere(file: string) {
  const module = new URL('./instance-lock.ts', import.meta.url).href;
  const holder = spawn(process.execPath, ['--input-type=module', '-e', HOLDER, module, file], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void holder.kill('SIGKILL'));
  await once(holder.stdout, 'data');
  return holder;
}

test('a second process is refused with the pid of the first', async () => {
  const file = lockFile();
  const holder = await holdElsewhere(file);
  expect(() => acquireInstanceLock(file)).toThrow(`already running (pid ${holder.pid})`);
});

test('a lock whose holder was killed is free at once', async () => {
  const file = lockFile();
  const holder = await holdElsewhere(file);
  holder.kill('SIGKILL');
  await once(holder, 'exit');
  acquireInstanceLock(file).release();
});

test('a released lock can be taken again', () => {
  const file = lockFile();
  acquireInstanceLock(file).release();
  acquireInstanceLock(file).release();
});
