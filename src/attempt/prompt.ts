import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { RepositoryConfig } from '../config/repository-config.ts';
import { ForgeError } from '../errors.ts';
import type { Verification } from '../task/outcome.ts';
import type { Attempt, Evidence, Task } from '../task/task.ts';

const TEMPLATES = new URL('../../agent/prompts/', import.meta.url);
const CHECKS_CHARACTERS = 16_000;

export interface PromptSources {
  task: Pick<Task, 'repo' | 'issue' | 'branch'>;
  attempt: Pick<Attempt, 'kind'>;
  evidence: Evidence;
  repositoryConfig: Pick<RepositoryConfig, 'verify' | 'instructions'>;
  /** The red verification that a revision answers. */
  failedChecks: Verification | null;
}

/**
 * What the agent is told, from the evidence frozen at the trigger and the default branch's configuration alone. Text
 * by people stands between lines with a random mark, which that text cannot have guessed.
 */
export async function buildPrompt(sources: PromptSources): Promise<string> {
  const { task, evidence, repositoryConfig } = sources;
  const name = sources.attempt.kind === 'implement' ? 'implement' : 'revise';
  const template = await readFile(new URL(`${name}.md`, TEMPLATES), 'utf8');
  return fillTemplate(template, {
    repo: task.repo,
    issue: String(task.issue),
    branch: task.branch,
    mark: randomBytes(12).toString('hex'),
    author: evidence.author,
    title: evidence.title,
    body: evidence.body,
    verify: describeChecks(repositoryConfig.verify),
    instructions: repositoryConfig.instructions ? `\n${repositoryConfig.instructions.trim()}\n` : '',
    checks: sources.failedChecks === null ? '' : describeFailures(sources.failedChecks),
  });
}

/**
 * Replaces each `{{name}}` of a template once; what is put in is never looked at again, so an issue that contains
 * `{{mark}}` learns nothing. Throws `internal` on a name that has no value.
 */
export function fillTemplate(template: string, values: Readonly<Record<string, string>>): string {
  return template.replaceAll(/\{\{(\w+)\}\}/g, (_whole, name: string) => {
    const value = Object.hasOwn(values, name) ? values[name] : undefined;
    if (value === undefined) {
      throw new ForgeError(`a prompt template uses {{${name}}}, which has no value`, {
        category: 'internal',
        service: 'forge',
      });
    }
    return value;
  });
}

function describeChecks(commands: readonly string[]): string {
  if (commands.length === 0) return '';
  const list = commands.map((command) => `    ${command}`).join('\n');
  return `\nBefore your change is published these commands are run on it, and have to pass:\n\n${list}\n`;
}

function describeFailures(verification: Verification): string {
  if (verification.status === 'none') return '';
  const failed = verification.commands.filter((command) => command.exitCode !== 0);
  const share = Math.floor(CHECKS_CHARACTERS / Math.max(1, failed.length));
  return failed
    .map(({ command, exitCode, output }) => {
      const ended = exitCode === null ? 'did not end in time' : `exit code ${exitCode}`;
      return `$ ${command}\n${output.slice(-share)}\n(${ended})`;
    })
    .join('\n\n');
}
