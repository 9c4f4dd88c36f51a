import type { TaskId } from './ids.ts';

export type ContainerRole = 'agent' | 'verify' | 'salvage' | 'probe';

/** `TASK-NUMBER`: the attempt's directory, and what its containers are named after. */
export function attemptId(taskId: TaskId, number: number): string {
  return `${taskId}-${number}`;
}

/** `forge-TASK-ATTEMPT`, with the role behind it unless it is the agent's own. */
export function containerName(taskId: TaskId, number: number, role: ContainerRole): string {
  const name = `forge-${attemptId(taskId, number)}`;
  return role === 'agent' ? name : `${name}-${role}`;
}

/** Where an attempt's work stays in the mirror, whatever came of it. */
export function attemptRef(taskId: TaskId, number: number): string {
  return `refs/forge/tasks/${taskId}/${number}`;
}

/** `forge/issue-7-fix-the-thing`: only letters, digits and dashes, so that git and a shell read it the same way. */
export function branchName(issue: number, title: string): string {
  const slug = title
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 40)
    .replace(/^-+|-+$/g, '');
  return slug === '' ? `forge/issue-${issue}` : `forge/issue-${issue}-${slug}`;
}

/** The marker by which forge finds its own comment on an issue again. */
export function commentMarker(taskId: TaskId): string {
  return `<!-- forge:task:${taskId} -->`;
}

/** What a pull request, and a commit that holds all of an agent's work, are called: after the issue. */
export function changeTitle({ issue, title }: { issue: number; title: string }): string {
  return oneLine(title) || `Resolve issue ${issue}`;
}

/**
 * A title as one line of at most 200 characters, fit for a commit and a pull request: without control and
 * direction-changing characters, and with references broken, so that `Fixes #9` in somebody's title closes nothing.
 */
function oneLine(title: string): string {
  const line = title
    .replace(/[\s\p{Cc}]+/gu, ' ')
    .replace(/\p{Bidi_Control}/gu, '')
    .replace(/#(?=\d)/g, '#\u200b')
    .trim();
  return [...line].slice(0, 200).join('');
}
