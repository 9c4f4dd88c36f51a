/** What forge asks of a container engine. Every method throws `ForgeError`s of service `docker`. */
export interface ContainerEngine {
  ping(): Promise<EngineFacts>;
  /** Creates a hardened container (see `create-options.ts`) and returns its id; `conflict` when the name is taken. */
  create(spec: ContainerSpec): Promise<string>;
  /**
   * Everything the container prints, from its first byte to its end. Call it before `start` to see the bytes as they
   * were written. On a container that was started before, it replays the engine's log and then follows: the same
   * lines, but bytes that are not UTF-8 come as U+FFFD (and a line over 16 KiB may have a character replaced), so a
   * place in the output must be remembered as a number of lines and not of bytes. A slow reader slows the container.
   */
  output(id: string, options: { signal: AbortSignal }): Promise<AsyncIterable<Frame>>;
  /** Starting a started container, or stopping and killing a stopped one, is fine. */
  start(id: string): Promise<void>;
  pause(id: string): Promise<void>;
  unpause(id: string): Promise<void>;
  /** TERM, and KILL after the grace; a paused container is resumed for it. Returns once it has ended. */
  stop(id: string, options: { graceSeconds: number }): Promise<void>;
  kill(id: string): Promise<void>;
  /** Ends the container, if need be, and deletes it with its anonymous volumes; an absent one is fine. */
  remove(id: string): Promise<void>;
  /** Resolves when a started container has ended, or at once if it has; `conflict` when it was never started. */
  wait(id: string, signal?: AbortSignal): Promise<ContainerExit>;
  exec(id: string, request: ExecRequest): Promise<ExecResult>;
  /** null: there is no such container. */
  inspect(id: string): Promise<ContainerInfo | null>;
  /** All containers of this `FORGE_HOME`, in whatever state. */
  list(home: string): Promise<ContainerInfo[]>;
  /** null: the engine does not have the image. */
  imageId(ref: string): Promise<string | null>;
  pull(ref: string, onProgress: OnProgress): Promise<void>;
  build(request: BuildRequest): Promise<void>;
  /** Makes an image of one layer out of a tar archive of a root file system. */
  importImage(tar: NodeJS.ReadableStream, ref: string): Promise<void>;
}

export interface EngineFacts {
  version: string;
  rootless: boolean;
  /** False for Docker Desktop and remote engines, whose containers cannot reach a unix socket mounted from here. */
  sameKernel: boolean;
  architecture: 'x64' | 'arm64';
}

/** What differs between containers; what all have in common (network, capabilities, …) is not a choice. */
export interface ContainerSpec {
  name: string;
  image: string;
  labels: Readonly<Record<string, string>>;
  /** `uid:gid`, both numbers above 0. */
  user: string;
  env: Readonly<Record<string, string>>;
  /** Replaces the image's entrypoint and command. */
  command: readonly string[];
  workingDir: string;
  mounts: readonly Mount[];
  limits: Limits;
}

/** `source` must exist on the engine's host. */
export interface Mount {
  source: string;
  target: string;
  readOnly: boolean;
}

export interface Limits {
  cpus: number;
  /** Of memory and swap together. */
  memoryBytes: number;
  pids: number;
}

export type StreamName = 'stdout' | 'stderr';

/** A piece of one stream; `bytes` may share memory with its neighbours, so copy what you keep. */
export interface Frame {
  stream: StreamName;
  bytes: Buffer;
}

/** `oomKilled`: some process of it met the memory limit, not necessarily the one whose exit code this is. */
export interface ContainerExit {
  exitCode: number;
  oomKilled: boolean;
}

export interface ExecRequest {
  command: readonly string[];
  env?: Readonly<Record<string, string>>;
  timeoutMs: number;
  maxOutputBytes: number;
  signal: AbortSignal;
}

export interface ExecResult {
  /** null: it did not end within its time and was killed. */
  exitCode: number | null;
  /** The end of standard output and error as they came, at most `maxOutputBytes`. */
  output: string;
  durationMs: number;
}

export interface ContainerInfo {
  id: string;
  name: string;
  labels: Readonly<Record<string, string>>;
  state: 'created' | 'running' | 'paused' | 'restarting' | 'removing' | 'exited' | 'dead';
  /** null until it has ended. */
  exitCode: number | null;
}

export type OnProgress = (text: string) => void;

export interface BuildRequest {
  /** A tar archive with a `Dockerfile` in it. */
  context: NodeJS.ReadableStream;
  tag: string;
  buildArgs: Readonly<Record<string, string>>;
  labels: Readonly<Record<string, string>>;
  /** `none` builds without any network. */
  network: 'default' | 'none';
  onProgress: OnProgress;
}
