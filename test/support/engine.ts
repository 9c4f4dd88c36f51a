import Docker from 'dockerode';
import { TEST_IMAGE } from './containers.ts';

const docker = new Docker(process.env.DOCKER_HOST ? undefined : { socketPath: '/var/run/docker.sock' });

/** The containers that a home has on the engine, in any state. */
export async function engineContainers(home: string) {
  return docker.listContainers({ all: true, filters: { label: [`forge.home=${home}`] } });
}

export function inspectContainer(id: string) {
  return docker.getContainer(id).inspect();
}

/** What a test that ends without a daemon leaves behind. */
export async function removeContainers(home: string): Promise<void> {
  for (const { Id } of await engineContainers(home)) await docker.getContainer(Id).remove({ force: true });
}

/** A container that says it belongs to this home, for a task that does not exist. */
export async function strayContainer(home: string): Promise<void> {
  const labels = {
    'forge.home': home,
    'forge.task': '0123456789',
    'forge.attempt': '1',
    'forge.role': 'agent',
  };
  await docker.createContainer({ Image: TEST_IMAGE, Cmd: ['true'], Labels: labels });
}
