import type { LevelWithSilent } from 'pino';
import type { RepoName } from '../task/ids.ts';
import type { AgentName } from '../task/task.ts';

/** Every setting that is not a secret, validated and frozen. */
export interface Config {
  /** Absolute. */
  home: string;
  githubApiUrl: string;
  repos: readonly RepoName[];
  label: string;
  pollSeconds: number;
  maxConcurrent: number;
  maxPerRepo: number;
  agent: AgentName;
  agentCommand: string | null;
  model: string | null;
  /** Use this image as it is, and build none. */
  agentImage: string | null;
  /** What `Dockerfile.agent` builds on; null: forge finds one. */
  baseImage: string | null;
  attemptMinutes: number;
  stallMinutes: number;
  maxAttempts: number;
  cpus: number;
  memoryBytes: number;
  pids: number;
  anthropicBaseUrl: string;
  dockerHost: string | null;
  logLevel: LevelWithSilent;
}

/** Credentials; never printed, never stored, never in a `Config`. */
export interface Secrets {
  githubToken: string | null;
  anthropicApiKey: string | null;
  claudeCodeOauthToken: string | null;
}
