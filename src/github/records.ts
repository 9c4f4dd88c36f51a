import type { RepoName, Sha } from '../task/ids.ts';

/** GitHub's own stand-in for an account that was deleted. */
export const GHOST: Account = { login: 'ghost', id: 10137 };

export interface Account {
  login: string;
  id: number;
}

export interface Repository {
  /** As GitHub spells it today; another name than the one asked for means that the repository was renamed. */
  name: RepoName;
  defaultBranch: string;
  cloneUrl: string;
  private: boolean;
  archived: boolean;
}

/** Times are ms since epoch, from GitHub's whole seconds. */
export interface Issue {
  number: number;
  title: string;
  body: string;
  author: Account;
  labels: readonly string[];
  state: 'open' | 'closed';
  locked: boolean;
  url: string;
  updatedAt: number;
}

/** `unchanged` is GitHub's 304. A server without ETags gives `etag: null` each time. */
export type IssueList =
  | { kind: 'unchanged' }
  | { kind: 'changed'; etag: string | null; issues: readonly Issue[] };

export interface LabelEvent {
  id: string;
  kind: 'labeled' | 'unlabeled';
  label: string;
  /** null: the account was deleted. */
  actor: Account | null;
  at: number;
}

export interface Comment {
  id: number;
  body: string;
  author: Account;
  createdAt: number;
  updatedAt: number;
  url: string;
}

export interface PullRequest {
  number: number;
  url: string;
  state: 'open' | 'closed';
  merged: boolean;
  draft: boolean;
  headSha: Sha;
  headRef: string;
  baseRef: string;
  body: string;
}

export interface NewPullRequest {
  head: string;
  base: string;
  title: string;
  body: string;
  draft: boolean;
}

/** What the last answer's headers said; null where the server sends none. `resetAt`: ms since epoch. */
export interface RateLimit {
  remaining: number | null;
  resetAt: number | null;
}
