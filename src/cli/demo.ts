import type { Command } from 'commander';
import { ForgeError } from '../errors.ts';

export function addDemo(program: Command): void {
  program
    .command('demo')
    .description('show the whole way on this machine, without an account or a key')
    .action(demo);
}

async function demo(): Promise<void> {
  const { runDemo } = await import('../demo/demo.ts');
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
  const exitCode = await runDemo({ write: (text) => process.stdout.write(text), signal: stop.signal });
  if (exitCode === 0) return;
  throw new ForgeError('the demo did not come to a pull request with a green verification', {
    category: 'internal',
    service: 'forge',
    next: 'Its output above says how far it came',
  });
}
