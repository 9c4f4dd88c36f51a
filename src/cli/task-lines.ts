import { describeOutcome, type Verification } from '../task/outcome.ts';
import type { Attempt, Evidence, Task } from '../task/task.ts';
import { aligned, clockTime, dateTime, duration } from './format.ts';
import { inert } from './inert.ts';

/** A task for a person: its facts, then a line for each attempt. */
export function taskLines(task: Task, attempts: readonly Attempt[], evidence: Evidence): string[] {
  const facts: [string, string | null][] = [
    ['task', task.id],
    ['issue', `${task.repo}#${task.issue} ${task.title}`],
    ['url', evidence.url],
    ['state', task.reason === null ? task.state : `${task.state}: ${task.reason}`],
    ['due', task.wakeAt === null ? null : dateTime(task.wakeAt)],
    ['labelled by', `${evidence.appliedBy.login} (${evidence.appliedBy.permission})`],
    ['agent', task.agent],
    ['branch', task.branch],
    ['pull request', task.pullRequest && `${task.pullRequest.url} (${task.pullRequest.state})`],
    ['created', dateTime(task.createdAt)],
    ['finished', task.finishedAt === null ? null : dateTime(task.finishedAt)],
  ];
  const known = facts.flatMap(([name, value]) => (value === null ? [] : [[`${name}:`, inert(value)]]));
  return [...aligned(known).map((cells) => cells.join('  ')), ...attempts.flatMap(attemptLines)];
}

function attemptLines(attempt: Attempt): string[] {
  const took =
    attempt.startedAt === null || attempt.finishedAt === null
      ? ''
      : ` in ${duration(attempt.finishedAt - attempt.startedAt)}`;
  const { inputTokens, outputTokens, usd } = attempt.usage;
  const usage = inputTokens + outputTokens === 0 ? '' : `, ${inputTokens} tokens in, ${outputTokens} out`;
  const cost = usd === 0 ? '' : `, $${usd.toFixed(2)}`;
  const outcome = attempt.outcome === null ? underWay(attempt) : describeOutcome(attempt.outcome);
  return [
    '',
    `attempt ${attempt.number} (${attempt.kind})${took}${usage}${cost}`,
    `  ${inert(outcome)}`,
    ...verificationLines(attempt.verification),
  ];
}

function underWay({ startedAt }: Attempt): string {
  return startedAt === null ? 'being prepared' : `under way since ${clockTime(startedAt)}`;
}

function verificationLines(verification: Verification | null): string[] {
  if (verification === null || verification.status === 'none') return [];
  return verification.commands.map(({ command, stage, exitCode }) => {
    const result = exitCode === null ? 'did not end in time' : `exit code ${exitCode}`;
    return `  ${stage}: ${inert(command)}: ${result}`;
  });
}
