import type { ContainerEngine } from '../container/engine.ts';
import { ForgeError } from '../errors.ts';

/** Throws unless the engine answers and shares this kernel: the gateway's socket reaches a container in no other way. */
export async function requireEngine(engine: ContainerEngine): Promise<void> {
  const { sameKernel } = await engine.ping();
  if (sameKernel) return;
  throw new ForgeError(
    'the container engine does not run on this kernel (a virtual machine or another host)',
    {
      category: 'settings',
      service: 'docker',
      next: 'Run forge where the engine runs; a unix socket cannot be shared with a container elsewhere',
    },
  );
}
