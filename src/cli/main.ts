import { runForge } from './program.ts';

// Whoever reads has seen enough (`forge logs | head`): nothing is wrong, and nobody is there to be told.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit();
});

process.exitCode = await runForge(process.argv.slice(2));
