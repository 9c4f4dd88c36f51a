import { type Command, InvalidArgumentError } from 'commander';
import { isoTime } from '../api/task-json.ts';
import { messageOf } from '../errors.ts';
import type { Decision } from '../queue/decisions.ts';
import { parseRepoName, type RepoName } from '../task/ids.ts';
import { inert } from './inert.ts';
import { print, printJson } from './output.ts';

interface IssueName {
  repo: RepoName;
  issue: number;
}

export function addExplain(program: Command): void {
  program
    .command('explain')
    .description('why an issue became a task, or why not')
    .argument('<issue>', 'owner/repo#n', parseIssueName)
    .option('--json', 'as a JSON array, the newest decision first')
    .action(explain);
}

async function explain(name: IssueName, options: { json?: true }): Promise<void> {
  const { openRecords } = await import('./records.ts');
  const decisions = (await openRecords())?.queue.decisions(name) ?? [];
  if (options.json)
    return printJson(decisions.map((decision) => ({ ...decision, at: isoTime(decision.at) })));
  if (decisions.length === 0) print(`forge has not seen its label on ${name.repo}#${name.issue} yet`);
  else for (const decision of decisions) print(decisionLine(decision));
}

function decisionLine({ at, admitted, reason }: Decision): string {
  return `${isoTime(at)}  ${admitted ? 'admitted    ' : 'not admitted'}  ${inert(reason)}`;
}

function parseIssueName(text: string): IssueName {
  const match = /^(.+)#([1-9]\d{0,9})$/.exec(text);
  if (match === null) throw new InvalidArgumentError('It has to be like owner/repo#7.');
  try {
    return { repo: parseRepoName(`${match[1]}`), issue: Number(match[2]) };
  } catch (error) {
    throw new InvalidArgumentError(messageOf(error));
  }
}
