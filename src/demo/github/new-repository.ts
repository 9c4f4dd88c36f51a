import { join } from 'node:path';
import type { Permission } from '../../task/task.ts';
import { createBareRepository, type Files } from './repository-files.ts';
import { nextId, now, type Repository, requireUser, type State } from './state.ts';

export type NewRepository = {
  owner: string;
  name: string;
  private?: boolean;
  archived?: boolean;
  /** `main` unless said. */
  defaultBranch?: string;
  collaborators?: Readonly<Record<string, Permission>>;
} & ({ files: Files } | { empty: true });

/** Without any commit yet, whatever `files` says. */
export async function addRepository(state: State, dir: string, wish: NewRepository): Promise<Repository> {
  const at = now(state);
  const id = nextId(state);
  const repo: Repository = {
    id,
    owner: requireUser(state, wish.owner),
    name: wish.name,
    private: wish.private ?? false,
    archived: wish.archived ?? false,
    defaultBranch: wish.defaultBranch ?? 'main',
    collaborators: new Map(
      Object.entries(wish.collaborators ?? {}).map(([login, role]) => [
        requireUser(state, login).login.toLowerCase(),
        role,
      ]),
    ),
    labels: [],
    issues: [],
    branches: new Map(),
    looking: Promise.resolve(),
    gitDir: join(dir, `${id}.git`),
    createdAt: at,
    updatedAt: at,
    pushedAt: at,
  };
  await createBareRepository(repo.gitDir, repo.defaultBranch);
  state.repositories.push(repo);
  return repo;
}
