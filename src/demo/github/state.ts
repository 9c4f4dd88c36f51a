import type { Clock } from '../../clock.ts';
import { ForgeError } from '../../errors.ts';
import type { Permission } from '../../task/task.ts';

/** All that the server knows, in memory; the git objects and refs lie in bare repositories beside it. */
export interface State {
  /** `http://127.0.0.1:PORT`, where the web pages would be and git is. */
  url: string;
  apiUrl: string;
  clock: Clock;
  users: User[];
  tokens: Map<string, Token>;
  repositories: Repository[];
  /** Lower-case `owner/name` that a repository had before. */
  formerNames: Map<string, Repository>;
  lastId: number;
}

export interface User {
  id: number;
  login: string;
  createdAt: number;
}

export interface Token {
  user: User;
  /** Of a classic token; null: a fine-grained one, which names no scopes in its answers. */
  scopes: readonly string[] | null;
}

export interface Repository {
  id: number;
  owner: User;
  name: string;
  private: boolean;
  archived: boolean;
  defaultBranch: string;
  collaborators: Map<string, Permission>;
  labels: Label[];
  /** Issues and pull requests, which share one sequence of numbers: `issues[n - 1]` has number n. */
  issues: Issue[];
  /** As of the last look at the bare repository. */
  branches: Map<string, string>;
  /** The look under way, or the last one: they happen one after the other. */
  looking: Promise<void>;
  gitDir: string;
  createdAt: number;
  updatedAt: number;
  pushedAt: number;
}

export interface Label {
  id: number;
  name: string;
  color: string;
  description: string | null;
}

export interface Issue {
  id: number;
  number: number;
  title: string;
  body: string | null;
  author: User;
  labels: Label[];
  state: 'open' | 'closed';
  closedBy: User | null;
  closedAt: number | null;
  locked: boolean;
  comments: Comment[];
  events: IssueEvent[];
  pull: Pull | null;
  createdAt: number;
  updatedAt: number;
}

export interface Comment {
  id: number;
  author: User;
  body: string;
  createdAt: number;
  updatedAt: number;
}

export interface IssueEvent {
  id: number;
  kind: 'labeled' | 'unlabeled' | 'closed' | 'locked' | 'merged' | 'head_ref_deleted';
  actor: User;
  at: number;
  /** As the label was then. */
  label?: Pick<Label, 'name' | 'color'>;
}

/** What makes an issue a pull request. Head and base are branches of the same repository. */
export interface Pull {
  id: number;
  headRef: string;
  headSha: string;
  baseRef: string;
  baseSha: string;
  draft: boolean;
  merged: { sha: string; at: number; by: User } | null;
  /** `base:head` for which a caller has been told that mergeability is not known yet. */
  askedMergeable: string | null;
}

/** GitHub keeps whole seconds; ms since epoch. */
export function now(state: State): number {
  return Math.floor(state.clock.now() / 1000) * 1000;
}

export function nextId(state: State): number {
  state.lastId += 1;
  return state.lastId;
}

/** `2026-11-20T22:00:00Z`: GitHub's form has no fraction. */
export function isoTime(at: number): string {
  return new Date(at).toISOString().replace('.000Z', 'Z');
}

export function fullName(repo: Repository): string {
  return `${repo.owner.login}/${repo.name}`;
}

/** Opaque to clients, as GitHub's is. */
export function nodeId(kind: string, id: number): string {
  return `${kind}_${Buffer.from(String(id)).toString('base64url')}`;
}

/** Logins and repository names ignore case. */
export function findUser(state: State, login: string): User | undefined {
  return state.users.find((user) => sameName(user.login, login));
}

/** Throws `not_found`; for what a person does, who would not even see a wrong name. */
export function requireUser(state: State, login: string): User {
  return findUser(state, login) ?? missing(login);
}

export function findRepository(state: State, name: string): Repository | undefined {
  return state.repositories.find((repo) => sameName(fullName(repo), name));
}

export function sameName(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}

export function missing(name: string): never {
  throw new ForgeError(`there is no ${name} on this GitHub`, { category: 'not_found', service: 'github' });
}
