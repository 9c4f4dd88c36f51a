import type { Verification, VerifiedCommand } from '../task/outcome.ts';
import type { Attempt, Evidence, Task } from '../task/task.ts';
import type { DiffStat } from '../workspace/compare.ts';
import { fence, quoteForeign, quoteLines } from './markdown.ts';

export interface PullRequestFacts {
  task: Task;
  evidence: Evidence;
  /** The attempt whose result is published. */
  attempt: Attempt;
  attempts: readonly Attempt[];
  changes: DiffStat;
}

/** GitHub refuses a body of more than 65,536 characters. */
const BODY_CHARACTERS = 60_000;
const LISTED_FILES = 50;

/**
 * What a reviewer wants to know, in this order: what was asked, what was done, how it was checked, what it cost. The
 * agent's words are quoted in a form that mentions nobody and closes nothing.
 */
export function pullRequestBody(facts: PullRequestFacts): string {
  const { task, evidence, attempt } = facts;
  const body = [
    `Closes #${task.issue}`,
    '',
    `**Asked** by @${evidence.appliedBy.login} with the label on #${task.issue}: ${quoteForeign(evidence.title)}`,
    '',
    '### What was done',
    quoteLines(quoteForeign(explanationOf(attempt))),
    '',
    filesChanged(facts.changes),
    '',
    '### How it was checked',
    describeVerification(attempt.verification),
    '',
    '### Cost and time',
    describeCost(facts.attempts),
  ].join('\n');
  const marker = `\n\n<sub>Made by forge, task ${task.id}.</sub>`;
  return body.slice(0, BODY_CHARACTERS - marker.length) + marker;
}

function explanationOf(attempt: Attempt): string {
  return attempt.outcome?.kind === 'changed' && attempt.outcome.explanation.trim() !== ''
    ? attempt.outcome.explanation
    : 'The agent gave no summary.';
}

function filesChanged(changes: DiffStat): string {
  const rows = changes.files.slice(0, LISTED_FILES).map(({ path, added, removed }) => {
    return `- ${codeSpan(path)} +${added} −${removed}`;
  });
  const more = changes.files.length - rows.length;
  if (more > 0 || changes.truncated) rows.push(`- … and ${more > 0 ? more : 'some'} more`);
  return `<details><summary>${countFiles(changes.files.length)}</summary>\n\n${rows.join('\n')}\n\n</details>`;
}

function countFiles(count: number): string {
  return count === 1 ? '1 file changed' : `${count} files changed`;
}

function codeSpan(text: string): string {
  return `\`${text.replaceAll('`', "'").replace(/[\r\n]/g, ' ')}\``;
}

function describeVerification(verification: Verification | null): string {
  if (verification === null || verification.status === 'none') {
    return 'The repository names no `verify` commands in `.forge.yml`, so nothing was run.';
  }
  const verdict =
    verification.status === 'green'
      ? 'Verification is **green**: forge ran these commands on the result, in a fresh container.'
      : 'Verification is **red**, also after the agent was shown the output once. This pull request is a draft.';
  return `${verdict}\n\n${verification.commands.map(describeCommand).join('\n')}`;
}

function describeCommand(command: VerifiedCommand): string {
  const seconds = (command.durationMs / 1000).toFixed(1);
  const ended = command.exitCode === null ? 'did not end in time' : `exit code ${command.exitCode}`;
  const line = `- ${codeSpan(command.command)}: ${ended}, ${seconds} s`;
  if (command.exitCode === 0) return line;
  return `${line}\n\n  <details><summary>output</summary>\n\n${fence(command.output.slice(-6_000))}\n\n  </details>\n`;
}

function describeCost(attempts: readonly Attempt[]): string {
  const rows = attempts.map((attempt) => {
    const time = duration(attempt);
    const { inputTokens, outputTokens, usd } = attempt.usage;
    return `| ${attempt.number} | ${attempt.kind} | ${time} | ${inputTokens} | ${outputTokens} | ${usd.toFixed(2)} |`;
  });
  return [
    '| attempt | kind | time | input tokens | output tokens | USD |',
    '|---|---|---|---|---|---|',
    ...rows,
  ].join('\n');
}

function duration({ startedAt, finishedAt }: Attempt): string {
  if (startedAt === null || finishedAt === null) return '–';
  const seconds = Math.round((finishedAt - startedAt) / 1000);
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}
