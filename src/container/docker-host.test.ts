import { describe, expect, it } from 'vitest';
import { dockerAddress } from './docker-host.ts';

describe('dockerAddress', () => {
  it('reads the forms of DOCKER_HOST', () => {
    expect(dockerAddress('unix:///run/user/1000/podman/podman.sock')).toEqual({
      kind: 'socket',
      path: '/run/user/1000/podman/podman.sock',
    });
    expect(dockerAddress('tcp://127.0.0.1:2375')).toEqual({ kind: 'tcp', host: '127.0.0.1', port: 2375 });
    expect(dockerAddress('tcp://engine.internal')).toEqual({
      kind: 'tcp',
      host: 'engine.internal',
      port: 2375,
    });
  });

  it('finds the first usual socket, and falls back to Docker’s', () => {
    const podman = '/run/podman/podman.sock';
    expect(dockerAddress(null, (path) => path === podman)).toEqual({ kind: 'socket', path: podman });
    expect(dockerAddress(null, () => true)).toEqual({ kind: 'socket', path: '/var/run/docker.sock' });
    expect(dockerAddress(null, () => false)).toEqual({ kind: 'socket', path: '/var/run/docker.sock' });
  });

  it('refuses what it does not speak', () => {
    for (const host of [
      'ssh://me@host',
      'tcp://host:2376',
      'npipe:////./pipe/x',
      'unix://',
      'unix://a',
      'host',
      '',
    ]) {
      expect(() => dockerAddress(host)).toThrow(expect.objectContaining({ category: 'settings' }));
    }
  });
});
