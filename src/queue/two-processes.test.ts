import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { enqueued, openQueue } from '../../test/support/queue.ts';

const CLAIMER = fileURLToPath(new URL('../../test/support/claim-everything.ts', import.meta.url));
const TASKS = 20;

test('two processes that claim from one file at once never get the same task, nor break a cap', async () => {
  const { queue, file } = openQueue();
  for (let issue = 1; issue <= TASKS; issue += 1) {
    enqueued(queue, { issue });
  }
  const claimers = [startClaimer(file), startClaimer(file)];
  // Both are up before either may begin.
  await Promise.all(claimers.map((claimer) => claimer.ready));
  const claims = (await Promise.all(claimers.map((claimer) => claimer.claimAll()))).flat();
  expect(claims.map((claim) => claim.id).sort()).toEqual(
    queue
      .list()
      .map((task) => task.id)
      .sort(),
  );
  expect(queue.counts()).toEqual({ failed: TASKS });
  expect(Math.max(...claims.map((claim) => claim.active))).toBe(1);
});

/** A process that claims with a cap of one and lets each task fail, until none is left. */
function startClaimer(file: string) {
  const child = spawn(process.execPath, [CLAIMER, file], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines: string[] = [];
  const ready = once(child.stdout.setEncoding('utf8'), 'data');
  child.stdout.on('data', (text: string) => lines.push(text));
  return {
    ready,
    claimAll: async (): Promise<{ id: string; active: number }[]> => {
      child.stdin.end('go\n');
      const [code] = await once(child, 'close');
      expect(code).toBe(0);
      const [, ...claims] = lines.join('').trim().split('\n');
      return claims.map((line) => JSON.parse(line));
    },
  };
}
