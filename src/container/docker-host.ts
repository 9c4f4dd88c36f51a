import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { ForgeError } from '../errors.ts';

export type DockerAddress = { kind: 'socket'; path: string } | { kind: 'tcp'; host: string; port: number };

/**
 * Where the engine listens. null means the first socket that exists of Docker's and Podman's usual ones, root's
 * before the user's. Throws `settings` for what forge does not speak (ssh, TLS, Windows pipes).
 */
export function dockerAddress(
  dockerHost: string | null,
  exists: (path: string) => boolean = existsSync,
): DockerAddress {
  if (dockerHost === null) {
    const path = usualSockets().find(exists) ?? '/var/run/docker.sock';
    return { kind: 'socket', path };
  }
  if (/^unix:\/\/\/./.test(dockerHost)) return { kind: 'socket', path: dockerHost.slice('unix://'.length) };
  const url = URL.parse(dockerHost);
  const isTls = url?.port === '2376';
  if (url?.protocol !== 'tcp:' || url.hostname === '' || isTls) {
    throw new ForgeError(`DOCKER_HOST '${dockerHost}' is not an address that forge can use`, {
      category: 'settings',
      service: 'docker',
      next: 'Set it to unix:///path/to/docker.sock or tcp://host:port without TLS, or unset it',
    });
  }
  return { kind: 'tcp', host: url.hostname, port: url.port === '' ? 2375 : Number(url.port) };
}

/** The address as a person writes it. */
export function describeAddress(address: DockerAddress): string {
  return address.kind === 'socket' ? address.path : `tcp://${address.host}:${address.port}`;
}

function usualSockets(): string[] {
  const runtimeDir = process.env.XDG_RUNTIME_DIR;
  const ofUser = runtimeDir === undefined ? [] : [join(runtimeDir, 'docker.sock')];
  const podmanOfUser = runtimeDir === undefined ? [] : [join(runtimeDir, 'podman/podman.sock')];
  return [
    '/var/run/docker.sock',
    ...ofUser,
    join(homedir(), '.docker/run/docker.sock'),
    '/run/podman/podman.sock',
    ...podmanOfUser,
  ];
}
