import { randomBytes } from 'node:crypto';
import { ForgeError } from '../../errors.ts';
import { noticePush } from './branches.ts';
import { addComment } from './comments.ts';
import { record } from './events.ts';
import type { Fault, FaultMatch } from './fault.ts';
import { git, tryGit } from './git.ts';
import { addIssue, closeIssue } from './issues.ts';
import { addLabel, removeLabel } from './labels.ts';
import { merge } from './merge.ts';
import { addRepository, type NewRepository } from './new-repository.ts';
import { commitFiles, type Files } from './repository-files.ts';
import type { GitHubServer, SeenRequest } from './server.ts';
import * as state from './state.ts';
import { type CommentView, commentViews, type PullRequestView, pullRequestViews } from './views.ts';

export interface Account {
  login: string;
  id: number;
  token: string;
}

/**
 * What people do on GitHub's web pages, and a look at what came of it. None of this asks for permissions, spends
 * rate limit or appears among `requests`. A repository is named `owner/name`; what does not exist throws.
 */
export class DemoGitHub {
  /** Where git and the web pages are; the API is below `apiUrl`. */
  readonly url: string;
  readonly apiUrl: string;
  /** Every request so far, oldest first. */
  readonly requests: readonly SeenRequest[];
  readonly close: () => Promise<void>;
  readonly #state: state.State;
  readonly #server: GitHubServer;
  readonly #dir: string;
  readonly #accounts = new Map<string, Account>();

  constructor(world: state.State, server: GitHubServer, dir: string, close: () => Promise<void>) {
    this.url = world.url;
    this.apiUrl = world.apiUrl;
    this.requests = server.requests;
    this.close = close;
    this.#state = world;
    this.#server = server;
    this.#dir = dir;
  }

  addUser(login: string): Account {
    const user = { id: state.nextId(this.#state), login, createdAt: state.now(this.#state) };
    this.#state.users.push(user);
    const account = { login, id: user.id, token: this.addToken(login, ['repo']) };
    this.#accounts.set(login, account);
    return account;
  }

  account(login: string): Account {
    return this.#accounts.get(login) ?? state.missing(login);
  }

  /** Another token of an account: a classic one with these scopes, or (null) a fine-grained one. */
  addToken(login: string, scopes: readonly string[] | null): string {
    const token = `${scopes === null ? 'github_pat_' : 'ghp_'}${randomBytes(18).toString('hex')}`;
    this.#state.tokens.set(token, { user: this.#user(login), scopes });
    return token;
  }

  /** Resolves with `owner/name`. */
  async addRepository(wish: NewRepository): Promise<string> {
    const repo = await addRepository(this.#state, this.#dir, wish);
    const name = state.fullName(repo);
    if ('files' in wish) await this.commit(name, { files: wish.files, message: 'Start the repository' });
    return name;
  }

  /** One commit on a branch (the default one unless said); a new branch begins at the default one. */
  async commit(name: string, change: { branch?: string; files: Files; message: string }): Promise<string> {
    const repo = this.#repo(name);
    const { branch = repo.defaultBranch, files, message } = change;
    const parent = repo.branches.get(branch) ?? repo.branches.get(repo.defaultBranch);
    await commitFiles(repo.gitDir, branch, { files, message, parent });
    await noticePush(this.#state, repo, repo.owner);
    return this.branchSha(name, branch) ?? state.missing(branch);
  }

  /** The old name goes on answering with redirects. */
  renameRepository(name: string, to: string): string {
    const repo = this.#repo(name);
    this.#state.formerNames.set(name.toLowerCase(), repo);
    repo.name = to;
    return state.fullName(repo);
  }

  /** Returns the issue's number. */
  openIssue({
    repo,
    title,
    body,
    author,
  }: {
    repo: string;
    title: string;
    body: string | null;
    author: string;
  }): number {
    return addIssue(this.#state, this.#repo(repo), { title, body, author: this.#user(author), pull: null })
      .number;
  }

  label(repo: string, number: number, label: string, by: string): void {
    addLabel(this.#state, this.#repo(repo), this.#issue(repo, number), label, this.#user(by));
  }

  unlabel(repo: string, number: number, label: string, by: string): void {
    removeLabel(this.#state, this.#issue(repo, number), label, this.#user(by));
  }

  closeIssue(repo: string, number: number, by: string): void {
    closeIssue(this.#state, this.#issue(repo, number), this.#user(by));
  }

  lockIssue(repo: string, number: number, by: string): void {
    const issue = this.#issue(repo, number);
    issue.locked = true;
    record(this.#state, issue, { kind: 'locked', actor: this.#user(by) });
  }

  /** Returns the comment's id. */
  comment(repo: string, number: number, body: string, by: string): number {
    return addComment(this.#state, this.#issue(repo, number), body, this.#user(by)).id;
  }

  /** Makes a merge commit; throws `conflict` where GitHub would refuse. */
  async mergePullRequest(name: string, number: number, by: string): Promise<string> {
    const wish = { method: 'merge', sha: undefined } as const;
    const issue = this.#issue(name, number);
    const result = await merge(this.#state, this.#repo(name), issue, this.#user(by), wish);
    if (result.kind === 'merged') return result.sha;
    throw new ForgeError(result.message, { category: 'conflict', service: 'github' });
  }

  issueState(repo: string, number: number): 'open' | 'closed' {
    return this.#issue(repo, number).state;
  }

  labels(repo: string, number: number): string[] {
    return this.#issue(repo, number).labels.map(({ name }) => name);
  }

  comments(repo: string, number: number): CommentView[] {
    return commentViews(this.#issue(repo, number));
  }

  pullRequests(repo: string): PullRequestView[] {
    return pullRequestViews(this.#state, this.#repo(repo));
  }

  branchSha(repo: string, branch: string): string | null {
    return this.#repo(repo).branches.get(branch) ?? null;
  }

  /** null: there is no such file at that ref. */
  async readFile(repo: string, ref: string, path: string): Promise<string | null> {
    const { code, output } = await tryGit(this.#repo(repo).gitDir, ['cat-file', 'blob', `${ref}:${path}`]);
    return code === 0 ? output : null;
  }

  /** As `git diff` prints it, without the last newline. */
  diff(repo: string, base: string, head: string): Promise<string> {
    return git(this.#repo(repo).gitDir, ['diff', `${base}...${head}`]);
  }

  /** Breaks the next request that matches, or the next `times`. */
  fault(match: FaultMatch, fault: Fault & { times?: number }): void {
    this.#server.faults.add(match, fault, fault.times ?? 1);
  }

  #user(login: string): state.User {
    return state.requireUser(this.#state, login);
  }

  #repo(name: string): state.Repository {
    return state.findRepository(this.#state, name) ?? state.missing(name);
  }

  #issue(repo: string, number: number): state.Issue {
    return this.#repo(repo).issues[number - 1] ?? state.missing(`${repo}#${number}`);
  }
}
