import { notFound, ok, refusal } from './answer.ts';
import { git } from './git.ts';
import { repositoryUrl } from './repositories.ts';
import { onRepository, type Route } from './route.ts';
import { fullName, nodeId, type Repository, type State } from './state.ts';

export const refRoutes: readonly Route[] = [
  onRepository('GET', '/git/ref/:ref*', 'read', ({ state, repo, params }) => {
    if (repo.branches.size === 0) return refusal(409, 'Git Repository is empty.');
    const ref = params.ref ?? '';
    const sha = ref.startsWith('heads/') ? repo.branches.get(ref.slice('heads/'.length)) : undefined;
    if (sha === undefined) return notFound();
    const url = `${repositoryUrl(state, repo)}/git`;
    return ok({
      ref: `refs/${ref}`,
      node_id: nodeId('REF', repo.id),
      url: `${url}/refs/${ref}`,
      object: { sha, type: 'commit', url: `${url}/commits/${sha}` },
    });
  }),
  onRepository('GET', '/branches/:branch*', 'read', async ({ state, repo, params }) => {
    const name = params.branch ?? '';
    const sha = repo.branches.get(name);
    if (sha === undefined) return refusal(404, 'Branch not found');
    const url = `${repositoryUrl(state, repo)}/branches/${name}`;
    return ok({
      name,
      commit: await commitJson(state, repo, sha),
      _links: { self: url, html: `${state.url}/${fullName(repo)}/tree/${name}` },
      protected: false,
      protection: { enabled: false },
      protection_url: `${url}/protection`,
    });
  }),
];

async function commitJson(state: State, repo: Repository, sha: string) {
  const format = ['%T', '%P', '%an', '%ae', '%aI', '%cn', '%ce', '%cI', '%B'].join('%x00');
  const shown = await git(repo.gitDir, ['show', '-s', `--format=${format}`, sha]);
  const [tree, parents = '', an, ae, at, cn, ce, ct, message = ''] = shown.split('\0');
  const url = (kind: string, id: string | undefined) => `${repositoryUrl(state, repo)}/${kind}/${id}`;
  return {
    sha,
    node_id: nodeId('C', repo.id),
    url: url('commits', sha),
    commit: {
      url: url('git/commits', sha),
      author: { name: an, email: ae, date: at },
      committer: { name: cn, email: ce, date: ct },
      message: message.trimEnd(),
      tree: { sha: tree, url: url('git/trees', tree) },
      comment_count: 0,
    },
    author: null,
    committer: null,
    parents: parents
      .split(' ')
      .filter((id) => id !== '')
      .map((id) => ({ sha: id, url: url('commits', id) })),
  };
}
