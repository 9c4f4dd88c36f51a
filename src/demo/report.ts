import { inert } from '../cli/inert.ts';
import type { FollowedTask } from './follow-task.ts';
import type { DemoGitHub } from './github-server.ts';

export interface DemoResult {
  github: DemoGitHub;
  repo: string;
  followed: FollowedTask;
  write(text: string): void;
}

/**
 * Prints the pull request as GitHub has it, and answers the demo's exit code: 0 only if it is open there, at the commit
 * that forge verified, and that verification is green.
 */
export async function report({ github, repo, followed, write }: DemoResult): Promise<number> {
  const { task, attempts } = followed;
  const pull = github.pullRequests(repo).find(({ headRef }) => headRef === task.branch);
  if (pull === undefined) {
    write(`\nThere is no pull request: the task is ${task.state}. ${task.reason ?? ''}\n`);
    return 1;
  }
  const verified = attempts.findLast(({ resultSha }) => resultSha === pull.headSha)?.verification;
  const rule = '─'.repeat(78);
  write(`\n${rule}\n${pull.url}\n${inert(pull.title)}\n${rule}\n${lines(pull.body ?? '')}\n${rule}\n`);
  write(`${lines(await github.diff(repo, pull.baseRef, pull.headRef))}\n${rule}\n`);
  for (const command of verified?.status === 'none' ? [] : (verified?.commands ?? [])) {
    write(
      `verification: ${inert(command.command)}: exit code ${command.exitCode}\n${lines(command.output.trimEnd())}\n`,
    );
  }
  const isGreen = pull.state === 'open' && verified?.status === 'green';
  write(
    `${rule}\n${isGreen ? 'The pull request is open and its verification is green.' : 'The verification is not green.'}\n`,
  );
  return isGreen ? 0 : 1;
}

function lines(text: string): string {
  return text.split('\n').map(inert).join('\n');
}
