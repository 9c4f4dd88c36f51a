import { page } from './page.ts';
import { repositoryUrl } from './repositories.ts';
import { onIssue, type Route } from './route.ts';
import {
  type Issue,
  type IssueEvent,
  isoTime,
  nextId,
  nodeId,
  now,
  type Repository,
  type State,
} from './state.ts';
import { userJson } from './users.ts';

export const eventRoutes: readonly Route[] = [
  onIssue('GET', '/events', 'read', (call) =>
    page(call, call.issue.events, (event) => eventJson(call.state, call.repo, event)),
  ),
];

/** Adds to the issue's history and moves its `updated_at`. */
export function record(state: State, issue: Issue, event: Omit<IssueEvent, 'id' | 'at'>): void {
  issue.events.push({ ...event, id: nextId(state), at: now(state) });
  issue.updatedAt = now(state);
}

function eventJson(state: State, repo: Repository, event: IssueEvent) {
  return {
    id: event.id,
    node_id: nodeId('IE', event.id),
    url: `${repositoryUrl(state, repo)}/issues/events/${event.id}`,
    actor: userJson(state, event.actor),
    event: event.kind,
    commit_id: null,
    commit_url: null,
    created_at: isoTime(event.at),
    ...(event.label && { label: event.label }),
    ...(event.kind === 'locked' && { lock_reason: null }),
    performed_via_github_app: null,
  };
}
