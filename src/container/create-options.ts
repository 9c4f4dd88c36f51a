import type { ContainerCreateOptions } from 'dockerode';
import { ForgeError } from '../errors.ts';
import type { ContainerSpec } from './engine.ts';

/** Where every container finds its home: fresh, in memory, and gone with it. */
export const HOME = '/forge/home';
/** Of each of the two file systems in memory; what is in them counts as the container's memory. */
const TMPFS_BYTES = 1024 ** 3;
/** Programs are built and run there, hence `exec`, which Docker would otherwise switch off. */
const TMPFS = `rw,exec,nosuid,nodev,mode=1777,size=${TMPFS_BYTES}`;

/**
 * The engine's form of a spec, with the hardening that every container of forge gets and no caller can leave out.
 * `engineCpus` caps the limit, because an engine refuses to promise more processors than it has.
 */
export function createOptions(spec: ContainerSpec, engineCpus: number): ContainerCreateOptions {
  return {
    name: spec.name,
    Image: spec.image,
    Labels: { ...spec.labels },
    User: plainUser(spec),
    Env: Object.entries(spec.env).map(([name, value]) => `${name}=${value}`),
    Entrypoint: [...spec.command],
    Cmd: [],
    WorkingDir: spec.workingDir,
    Tty: false,
    OpenStdin: false,
    StopSignal: 'SIGTERM',
    // An image's own health check would run the image's commands beside the agent.
    Healthcheck: { Test: ['NONE'] },
    HostConfig: {
      NetworkMode: 'none',
      ReadonlyRootfs: true,
      Privileged: false,
      CapDrop: ['ALL'],
      SecurityOpt: ['no-new-privileges'],
      Init: true,
      IpcMode: 'private',
      PidsLimit: spec.limits.pids,
      Memory: spec.limits.memoryBytes,
      MemorySwap: spec.limits.memoryBytes,
      NanoCpus: Math.round(Math.min(spec.limits.cpus, engineCpus) * 1e9),
      Ulimits: [{ Name: 'core', Soft: 0, Hard: 0 }],
      Tmpfs: { '/tmp': TMPFS, [HOME]: TMPFS },
      // Not `Binds`: there the engine makes a missing source, as root, instead of saying so.
      Mounts: spec.mounts.map(({ source, target, readOnly }) => ({
        Type: 'bind',
        Source: source,
        Target: target,
        ReadOnly: readOnly,
        BindOptions: { Propagation: 'rprivate' },
      })),
      RestartPolicy: { Name: 'no' },
      AutoRemove: false,
      // Named, because `output` depends on it: the `local` driver loses the ends of lines over 16 KiB.
      LogConfig: { Type: 'json-file', Config: { 'max-size': '1g', 'max-file': '1' } },
    },
  };
}

function plainUser({ name, user }: ContainerSpec): string {
  if (!/^[1-9]\d*:[1-9]\d*$/.test(user)) {
    throw new ForgeError(`container ${name} must not run as '${user}'`, {
      category: 'invalid',
      service: 'docker',
      next: "Give the user as 'uid:gid', two numbers above 0",
    });
  }
  return user;
}
