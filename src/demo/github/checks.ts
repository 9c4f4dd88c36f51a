import { ok, refusal } from './answer.ts';
import { tryGit } from './git.ts';
import { repositoryJson, repositoryUrl } from './repositories.ts';
import { onRepository, type RepositoryCall, type Route } from './route.ts';

/** Nothing checks anything here yet; both of GitHub's worlds of checks answer that they are empty. */
export const checkRoutes: readonly Route[] = [
  onRepository('GET', '/commits/:ref*/check-runs', 'read', async (call) =>
    (await resolve(call)) === null ? noCommit(call) : ok({ total_count: 0, check_runs: [] }),
  ),
  onRepository('GET', '/commits/:ref*/status', 'read', async (call) => {
    const sha = await resolve(call);
    if (sha === null) return noCommit(call);
    const commit_url = `${repositoryUrl(call.state, call.repo)}/commits/${sha}`;
    const repository = repositoryJson(call.state, call.repo);
    return ok({
      state: 'pending',
      statuses: [],
      sha,
      total_count: 0,
      repository,
      commit_url,
      url: `${commit_url}/status`,
    });
  }),
];

async function resolve({ repo, params }: RepositoryCall): Promise<string | null> {
  const ref = params.ref ?? '';
  const { code, output } = await tryGit(repo.gitDir, [
    'rev-parse',
    '--verify',
    '--quiet',
    '--end-of-options',
    `${ref}^{commit}`,
  ]);
  return code === 0 ? output.trim() : null;
}

function noCommit({ params }: RepositoryCall) {
  return refusal(422, `No commit found for SHA: ${params.ref}`);
}
