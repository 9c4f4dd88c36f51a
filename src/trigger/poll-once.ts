import { isForgeError, messageOf } from '../errors.ts';
import type { Issue } from '../github/records.ts';
import type { RepoName } from '../task/ids.ts';
import { decideIssue } from './decide-issue.ts';
import type { TriggerParts } from './parts.ts';

/** Which issues of a repository were looked at in which state: number to `updatedAt`. */
export type SeenIssues = Map<number, number>;

export type PollResult =
  | { kind: 'unchanged' }
  /** `settled`: every issue was handled for good, and the ETag stored. Otherwise the next poll looks again. */
  | { kind: 'changed'; settled: boolean };

/**
 * GitHub's times are whole seconds and its lists run a little ahead of its events. An issue that changed this recently
 * can change again, or show its label's event, without another `updated_at` or ETag.
 */
const FRESH_MS = 5_000;

/**
 * One look at the labelled issues of one repository, remembered in `seen` from poll to poll. An issue that cannot be
 * looked up is logged and left to the next poll; only what concerns all of them (a limit, the token) is thrown.
 */
export async function pollOnce(parts: TriggerParts, repo: RepoName, seen: SeenIssues): Promise<PollResult> {
  const { config, github, queue, signal } = parts;
  const key = github.issueListKey(repo, config.label);
  const list = await github.labelledIssues(repo, config.label, queue.etag(key), signal);
  if (list.kind === 'unchanged') return { kind: 'unchanged' };

  forgetAllBut(seen, list.issues);
  let settled = true;
  // GitHub lists what changed last first; who has waited longest is to be served first.
  const oldestFirst = list.issues.toSorted((a, b) => a.updatedAt - b.updatedAt || a.number - b.number);
  for (const issue of oldestFirst) {
    if (seen.get(issue.number) === issue.updatedAt) continue;
    if (await handle(parts, repo, issue)) seen.set(issue.number, issue.updatedAt);
    else settled = false;
  }
  if (settled && list.etag !== null) queue.setEtag(key, list.etag);
  return { kind: 'changed', settled };
}

/** False: look at it again at the next poll. */
async function handle(parts: TriggerParts, repo: RepoName, issue: Issue): Promise<boolean> {
  try {
    const askedAt = parts.clock.now();
    await decideIssue(parts, repo, issue);
    return Math.abs(askedAt - issue.updatedAt) >= FRESH_MS;
  } catch (error) {
    if (parts.signal.aborted || concernsAll(error)) throw error;
    parts.logger.warn(
      { repo, issue: issue.number, reason: messageOf(error) },
      'issue could not be looked up',
    );
    return false;
  }
}

function concernsAll(error: unknown): boolean {
  return isForgeError(error, 'unauthorized') || (isForgeError(error) && error.retryAt !== undefined);
}

function forgetAllBut(seen: SeenIssues, issues: readonly Issue[]): void {
  const listed = new Set(issues.map((issue) => issue.number));
  for (const number of seen.keys()) if (!listed.has(number)) seen.delete(number);
}
