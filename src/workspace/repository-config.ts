import {
  NO_REPOSITORY_CONFIG,
  parseRepositoryConfig,
  type RepositoryConfig,
} from '../config/repository-config.ts';
import type { Attempt, Task } from '../task/task.ts';
import type { Workspaces } from './workspaces.ts';

const PATHS = ['.forge.yml', '.github/forge.yml'] as const;

/**
 * What the repository asks of forge, as its default branch had it when the attempt began: never from a commit that an
 * agent made. Throws `invalid` when that file is wrong.
 */
export async function repositoryConfigOf(
  task: Pick<Task, 'repo'>,
  attempt: Pick<Attempt, 'baseSha'>,
  workspaces: Workspaces,
): Promise<RepositoryConfig> {
  const mirror = workspaces.mirror(task.repo);
  for (const path of PATHS) {
    const text = await workspaces.readFile(mirror, attempt.baseSha, path);
    if (text !== null) return parseRepositoryConfig(text, path);
  }
  return NO_REPOSITORY_CONFIG;
}
