import Docker from 'dockerode';
import { TEST_IMAGE } from './containers.ts';

/** The containers that a home has on the engine, in any state. */
export async function engineContainers(home: string) {
  const docker = new Docker(process.env.DOCKER_HOST ? undefined : { socketPath: '/var/run/docker.sock' });
  return docker.listContainers({ all: true, filters: { label: [`forge.home=${home}`] } });
}

export function inspectContainer(id: string) {
  return new Docker(process.env.DOCKER_HOST ? undefined : { socketPath: '/var/run/docker.sock' })
    .getContainer(id)
    .inspect();
}

/** What a test that ends without a daemon leaves behind. */
export async function removeContainers(home: string): Promise<void> {
  const docker = new Docker(process.env.DOCKER_HOST ? undefined : { socketPath: '/var/run/docker.sock' });
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
  const docker = new Docker(process.env.DOCKER_HOST ? undefined : { socketPath: '/var/run/docker.sock' });
  await docker.createContainer({ Image: TEST_IMAGE, Cmd: ['true'], Labels: labels });
}
