import type { Permission } from '../../task/task.ts';
import { atLeast } from './access.ts';
import { ok } from './answer.ts';
import { onRepository, type Route } from './route.ts';
import { fullName, isoTime, nodeId, type Repository, type State } from './state.ts';
import { userJson } from './users.ts';

export const repositoryRoutes: readonly Route[] = [
  onRepository('GET', '', 'read', ({ state, repo, permission }) =>
    ok({
      ...repositoryJson(state, repo),
      permissions: permissionsJson(permission),
      network_count: 0,
      subscribers_count: 0,
    }),
  ),
];

export function repositoryUrl(state: State, repo: Repository): string {
  return `${state.apiUrl}/repos/${fullName(repo)}`;
}

export function repositoryJson(state: State, repo: Repository) {
  const openIssues = repo.issues.filter((issue) => issue.state === 'open').length;
  const html = `${state.url}/${fullName(repo)}`;
  return {
    id: repo.id,
    node_id: nodeId('R', repo.id),
    name: repo.name,
    full_name: fullName(repo),
    private: repo.private,
    visibility: repo.private ? 'private' : 'public',
    owner: userJson(state, repo.owner),
    html_url: html,
    url: repositoryUrl(state, repo),
    clone_url: `${html}.git`,
    description: null,
    homepage: null,
    language: null,
    license: null,
    fork: false,
    archived: repo.archived,
    disabled: false,
    default_branch: repo.defaultBranch,
    has_issues: true,
    has_projects: false,
    has_wiki: false,
    has_pages: false,
    has_downloads: false,
    has_discussions: false,
    allow_rebase_merge: false,
    forks: 0,
    forks_count: 0,
    open_issues: openIssues,
    open_issues_count: openIssues,
    size: 0,
    stargazers_count: 0,
    watchers: 0,
    watchers_count: 0,
    created_at: isoTime(repo.createdAt),
    updated_at: isoTime(repo.updatedAt),
    pushed_at: isoTime(repo.pushedAt),
  };
}

/** The five yes-or-no answers that GitHub gives beside a role. */
export function permissionsJson(permission: Permission) {
  return {
    admin: atLeast(permission, 'admin'),
    maintain: atLeast(permission, 'maintain'),
    push: atLeast(permission, 'write'),
    triage: atLeast(permission, 'triage'),
    pull: atLeast(permission, 'read'),
  };
}
