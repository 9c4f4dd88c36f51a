import Docker from 'dockerode';

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
