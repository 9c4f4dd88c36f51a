import type { Issue } from '../github/records.ts';
import type { RepoName } from '../task/ids.ts';
import { branchName } from '../task/names.ts';
import { type Admission, admit, newestTrigger } from './admit.ts';
import type { TriggerParts } from './parts.ts';

/**
 * Decides on one labelled issue and records the decision with its reason. An application of the label that was
 * decided before is left alone, and nobody's permission is asked for.
 */
export async function decideIssue(parts: TriggerParts, repo: RepoName, issue: Issue): Promise<void> {
  const { config, github, queue, signal } = parts;
  const trigger = newestTrigger(await github.labelEvents(repo, issue.number, signal), config.label);
  if (trigger !== null && queue.hasDecision(repo, trigger.id)) return;

  const actor = trigger?.actor ?? null;
  const permission = actor === null ? null : await github.permission(repo, actor.login, signal);
  const admission = admit({ issue, trigger, permission, label: config.label, defaultAgent: config.agent });
  carryOut(parts, repo, issue, admission);
}

/** The task first, its decision second: if forge dies between the two, the queue knows the trigger again. */
function carryOut(parts: TriggerParts, repo: RepoName, issue: Issue, admission: Admission): void {
  const { queue, clock, logger, wake } = parts;
  const { admitted, reason } = admission.admit
    ? enqueue(parts, repo, issue, admission)
    : { admitted: false, reason: admission.reason };
  const { triggerEvent } = admission;
  queue.recordDecision({ repo, issue: issue.number, triggerEvent, admitted, reason, at: clock.now() });
  logger.info(
    { repo, issue: issue.number, triggerEvent, reason },
    admitted ? 'issue admitted' : 'issue not admitted',
  );
  if (admitted) wake?.();
}

function enqueue(
  { queue }: TriggerParts,
  repo: RepoName,
  issue: Issue,
  admission: Extract<Admission, { admit: true }>,
): { admitted: boolean; reason: string } {
  const { triggerEvent, priority, agent, appliedBy, appliedAt } = admission;
  const { number, title, body, labels, url } = issue;
  const evidence = { title, body, author: issue.author.login, labels, appliedBy, appliedAt, url };
  const branch = branchName(number, title);
  const result = queue.enqueue({
    repo,
    issue: number,
    title,
    triggerEvent,
    priority,
    agent,
    branch,
    evidence,
  });
  switch (result.kind) {
    case 'enqueued':
      return { admitted: true, reason: `task ${result.task.id}: ${appliedBy.login} applied the label` };
    case 'duplicate':
      return { admitted: true, reason: `task ${result.taskId} was made for this already` };
    case 'already_open':
      return { admitted: false, reason: `task ${result.taskId} is still open for this issue` };
  }
}
