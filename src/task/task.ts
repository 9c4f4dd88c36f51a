import type { RepoName, Sha, TaskId } from './ids.ts';
import type { Outcome, Verification } from './outcome.ts';
import type { TaskState } from './state.ts';

export const AGENT_NAMES = ['claude', 'codex', 'gemini', 'opencode', 'command'] as const;
export type AgentName = (typeof AGENT_NAMES)[number];

/** 0 runs first. */
export const PRIORITY = { high: 0, normal: 1, low: 2 } as const;
export type Priority = (typeof PRIORITY)[keyof typeof PRIORITY];

/** One trigger's worth of work: from a labelled issue to a merged or closed pull request. Times: ms since epoch. */
export interface Task {
  id: TaskId;
  repo: RepoName;
  issue: number;
  title: string;
  /** GitHub's id of the `labeled` event that made this task. */
  triggerEvent: string;
  state: TaskState;
  /** Why the task is in its state, for a person; always there when waiting, failed or cancelled. */
  reason: string | null;
  /** When a queued or waiting task is due; null: at once, or when a person acts. */
  wakeAt: number | null;
  priority: Priority;
  agent: AgentName;
  /** The fencing token: each claim raises it, and a move by an older one is refused. */
  generation: number;
  branch: string;
  baseSha: Sha | null;
  headSha: Sha | null;
  pullRequest: PullRequestRef | null;
  createdAt: number;
  updatedAt: number;
  finishedAt: number | null;
}

export interface PullRequestRef {
  number: number;
  url: string;
  state: 'open' | 'draft' | 'merged' | 'closed';
}

/** What a caller must still hold to move a task: see `Task.generation`. */
export interface Claim {
  id: TaskId;
  generation: number;
}

/** The issue as the poll that admitted it found it; a prompt is built from this and nothing else. */
export interface Evidence {
  title: string;
  body: string;
  author: string;
  labels: readonly string[];
  /** Who applied the label, and the permission that account had when forge looked. */
  appliedBy: { login: string; id: number; permission: Permission };
  /** ms since epoch. */
  appliedAt: number;
  url: string;
}

/** GitHub's `role_name`s, strongest first; a custom role counts as the legacy permission it maps to. */
export const PERMISSIONS = ['admin', 'maintain', 'write', 'triage', 'read', 'none'] as const;
export type Permission = (typeof PERMISSIONS)[number];

export type AttemptKind = 'implement' | 'revise' | 'fix_ci' | 'rebase';

/** One try at a task. An attempt with `finishedAt` null is under way, or was when forge died. */
export interface Attempt {
  taskId: TaskId;
  /** 1, 2, 3 … within the task; `TASK-NUMBER` names the directory and the container. */
  number: number;
  kind: AttemptKind;
  /** The generation of the claim that began it. */
  generation: number;
  containerId: string | null;
  /** The tip of the default branch that the pull request will be compared with. */
  baseSha: Sha;
  /** The commit the agent began from: the base, or what an earlier attempt left. */
  startSha: Sha;
  resultSha: Sha | null;
  outcome: Outcome | null;
  verification: Verification | null;
  usage: Usage;
  createdAt: number;
  /** When the agent's container started. */
  startedAt: number | null;
  finishedAt: number | null;
}

/** Counted by the gateway from the provider's own answers, except `usd` where only the agent knows it. */
export interface Usage {
  inputTokens: number;
  outputTokens: number;
  usd: number;
}

export const NO_USAGE: Usage = { inputTokens: 0, outputTokens: 0, usd: 0 };
