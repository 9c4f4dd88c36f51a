import { z } from 'zod';
import { atLeast } from './access.ts';
import { created, invalid, ok, refusal } from './answer.ts';
import { record } from './events.ts';
import { page } from './page.ts';
import { repositoryUrl } from './repositories.ts';
import {
  type IssueCall,
  onIssue,
  onRepository,
  type RepositoryCall,
  type Route,
  withBody,
  writer,
} from './route.ts';
import {
  type Issue,
  type Label,
  nextId,
  nodeId,
  type Repository,
  type State,
  sameName,
  type User,
} from './state.ts';

const Names = z.object({ labels: z.array(z.string().min(1).max(50)).min(1) });
const NewLabel = z.object({
  name: z.string().min(1).max(50),
  color: z
    .string()
    .regex(/^[0-9a-fA-F]{6}$/)
    .optional(),
  description: z.string().max(100).optional(),
});

export const labelRoutes: readonly Route[] = [
  onRepository('GET', '/labels', 'read', (call) => page(call, call.repo.labels, present(call))),
  onRepository(
    'POST',
    '/labels',
    'write',
    withBody(NewLabel, 'Label', (call: RepositoryCall, { name, color, description }) => {
      if (findLabel(call.repo.labels, name) !== undefined) {
        return invalid({ resource: 'Label', code: 'already_exists', field: 'name' });
      }
      return created(present(call)(createLabel(call.state, call.repo, name, color, description)));
    }),
  ),
  onIssue('GET', '/labels', 'read', (call) => page(call, call.issue.labels, present(call))),
  onIssue(
    'POST',
    '/labels',
    'triage',
    withBody(Names, 'Label', (call: IssueCall, { labels: names }) => {
      const { state, repo, issue, permission } = call;
      const missing = names.some((name) => findLabel(repo.labels, name) === undefined);
      if (missing && !atLeast(permission, 'write')) {
        const errors = [{ resource: 'Repository', field: 'label', code: 'unauthorized' }];
        return refusal(403, 'You do not have permission to create labels on this repository.', { errors });
      }
      for (const name of names) addLabel(state, repo, issue, name, writer(call));
      return ok(issue.labels.map(present(call)));
    }),
  ),
  onIssue('DELETE', '/labels/:name', 'triage', (call) => {
    const removed = removeLabel(call.state, call.issue, call.params.name ?? '', writer(call));
    return removed ? ok(call.issue.labels.map(present(call))) : refusal(404, 'Label does not exist');
  }),
];

/** Creates the label in the repository where it is new; adding one that is there already is no event. */
export function addLabel(state: State, repo: Repository, issue: Issue, name: string, by: User): void {
  if (findLabel(issue.labels, name) !== undefined) return;
  const label = findLabel(repo.labels, name) ?? createLabel(state, repo, name);
  issue.labels.push(label);
  record(state, issue, { kind: 'labeled', actor: by, label: { name: label.name, color: label.color } });
}

/** False where the issue has no such label. */
export function removeLabel(state: State, issue: Issue, name: string, by: User): boolean {
  const label = findLabel(issue.labels, name);
  if (label === undefined) return false;
  issue.labels = issue.labels.filter((other) => other !== label);
  record(state, issue, { kind: 'unlabeled', actor: by, label: { name: label.name, color: label.color } });
  return true;
}

export function labelJson(state: State, repo: Repository, label: Label) {
  return {
    id: label.id,
    node_id: nodeId('LA', label.id),
    url: `${repositoryUrl(state, repo)}/labels/${encodeURIComponent(label.name)}`,
    name: label.name,
    color: label.color,
    default: false,
    description: label.description,
  };
}

/** Label names ignore case; the one who made the label decides how it is spelt. */
export function findLabel(labels: readonly Label[], name: string): Label | undefined {
  return labels.find((label) => sameName(label.name, name));
}

function createLabel(
  state: State,
  repo: Repository,
  name: string,
  color = 'ededed',
  description: string | null = null,
): Label {
  const label = { id: nextId(state), name, color, description };
  repo.labels.push(label);
  return label;
}

function present({ state, repo }: RepositoryCall) {
  return (label: Label) => labelJson(state, repo, label);
}
