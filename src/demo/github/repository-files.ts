import { appendFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { git } from './git.ts';

/** File contents by path. */
export type Files = Readonly<Record<string, string>>;

const SETTINGS = `[http]
	receivepack = true
[receive]
	autogc = false
	hideRefs = refs/pull
[uploadpack]
	allowAnySHA1InWant = true
	allowFilter = true
`;

/** A bare repository that git may be served from; nothing in it starts a process that outlives its command. */
export async function createBareRepository(gitDir: string, defaultBranch: string): Promise<void> {
  await mkdir(gitDir, { recursive: true });
  await git(gitDir, ['init', '--quiet', '--bare', '--template=', `--initial-branch=${defaultBranch}`]);
  await appendFile(join(gitDir, 'config'), SETTINGS);
}

/** Adds one commit to a branch, which it creates where there is none. */
export async function commitFiles(
  gitDir: string,
  branch: string,
  { files, message, parent }: { files: Files; message: string; parent: string | undefined },
): Promise<void> {
  const seconds = Math.floor(Date.now() / 1000);
  const lines = [
    `commit refs/heads/${branch}`,
    `committer GitHub <noreply@github.com> ${seconds} +0000`,
    data(message),
    ...(parent === undefined ? [] : [`from ${parent}`]),
    ...Object.entries(files).flatMap(([path, content]) => [`M 100644 inline ${path}`, data(content)]),
  ];
  await git(gitDir, ['fast-import', '--quiet'], `${lines.join('\n')}\n`);
}

function data(text: string): string {
  return `data ${Buffer.byteLength(text)}\n${text}`;
}
