import { git } from './git.ts';
import { issueUrls, sharedJson } from './issues.ts';
import { mergeable } from './merge.ts';
import { repositoryJson, repositoryUrl } from './repositories.ts';
import { type Issue, isoTime, nodeId, type Pull, type Repository, type State } from './state.ts';
import { userJson } from './users.ts';

/** As in answers about one pull request; asking moves its mergeability from unknown to known. */
export async function pullRequestJson(state: State, repo: Repository, issue: Issue, pull: Pull) {
  const merging = issue.state === 'open' ? await mergeable(repo, pull) : 'unknown';
  return {
    ...pullRequestSummaryJson(state, repo, issue, pull),
    ...(await sizes(repo, pull)),
    merged: pull.merged !== null,
    merged_by: pull.merged && userJson(state, pull.merged.by),
    mergeable: merging === 'unknown' ? null : merging !== 'dirty',
    mergeable_state: merging,
    rebaseable: null,
    comments: issue.comments.length,
    review_comments: 0,
    maintainer_can_modify: false,
  };
}

/** As in lists. */
export function pullRequestSummaryJson(state: State, repo: Repository, issue: Issue, pull: Pull) {
  const url = `${repositoryUrl(state, repo)}/pulls/${issue.number}`;
  const urls = issueUrls(state, repo, issue);
  return {
    ...sharedJson(state, repo, issue),
    id: pull.id,
    node_id: nodeId('PR', pull.id),
    url,
    issue_url: urls.issue,
    diff_url: `${urls.html_url}.diff`,
    draft: pull.draft,
    head: endJson(state, repo, pull.headRef, pull.headSha),
    base: endJson(state, repo, pull.baseRef, pull.baseSha),
    merged_at: pull.merged && isoTime(pull.merged.at),
    merge_commit_sha: pull.merged?.sha ?? null,
    auto_merge: null,
    requested_reviewers: [],
    requested_teams: [],
    _links: Object.fromEntries(Object.entries(linksOf(url, urls)).map(([name, href]) => [name, { href }])),
  };
}

function endJson(state: State, repo: Repository, ref: string, sha: string) {
  const label = `${repo.owner.login}:${ref}`;
  return { label, ref, sha, user: userJson(state, repo.owner), repo: repositoryJson(state, repo) };
}

function linksOf(url: string, urls: { issue: string; html_url: string }) {
  return {
    self: url,
    html: urls.html_url,
    issue: urls.issue,
    comments: `${urls.issue}/comments`,
    commits: `${url}/commits`,
    statuses: `${url}/statuses`,
    review_comments: `${url}/comments`,
    review_comment: `${url}/comments{/number}`,
  };
}

async function sizes(repo: Repository, pull: Pull) {
  const range = [pull.baseSha, pull.headSha] as const;
  const lines = await git(repo.gitDir, ['diff', '--numstat', range.join('...')]);
  const files = lines
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.split('\t').map(Number));
  const commits = await git(repo.gitDir, ['rev-list', '--count', range.join('..')]);
  return {
    commits: Number(commits),
    additions: files.reduce((sum, [added]) => sum + (added || 0), 0),
    deletions: files.reduce((sum, [, deleted]) => sum + (deleted || 0), 0),
    changed_files: files.length,
  };
}
