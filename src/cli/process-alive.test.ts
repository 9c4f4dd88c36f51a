import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { isAlive } from './process-alive.ts';

test('this process is alive, and one that has ended is not', async () => {
  expect(isAlive(process.pid)).toBe(true);
  const child = spawn(process.execPath, ['-e', '']);
  await once(child, 'close');
  expect(isAlive(Number(child.pid))).toBe(false);
});

// Where the kernel has no /proc there is nothing to tell such a process by.
test.runIf(existsSync('/proc/self/stat'))(
  'one that its parent never takes note of is not alive',
  async () => {
    // The shell becomes a sleep, which waits for no child.
    const parent = spawn('sh', ['-c', 'sleep 0.01 & echo $!; exec sleep 30'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const [line] = (await once(parent.stdout, 'data')) as [Buffer];
    const pid = Number(line.toString());
    const state = () => readFileSync(`/proc/${pid}/stat`, 'utf8').split(' ')[2];
    while (state() !== 'Z') await new Promise((resolve) => setTimeout(resolve, 5));
    expect(isAlive(pid)).toBe(false);
    parent.kill();
  },
);
