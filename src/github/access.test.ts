import { describe, expect, test } from 'vitest';
import { gitHubClient, REPO } from '../../test/support/github-client.ts';
import type { Reply } from '../../test/support/scripted-server.ts';
import { parseRepoName } from '../task/ids.ts';
import { checkAccess, refusalToStart } from './access.ts';

describe('access at start', () => {
  const OTHER = parseRepoName('acme/other');
  const ok: Reply = {
    body: { full_name: 'acme/app', default_branch: 'main', clone_url: 'http://127.0.0.1/a.git' },
  };
  const missing: Reply = { status: 404, body: { message: 'Not Found' } };
  const refused: Reply = { status: 401, body: { message: 'Bad credentials' } };

  test.each([
    ['both answer', ok, ok, ['ok', 'ok'], null],
    ['one is missing', missing, ok, ['failed', 'ok'], null],
    ['both are missing', missing, missing, ['failed', 'failed'], 'not_found'],
    ['the token is refused by one', ok, refused, ['ok', 'failed'], 'unauthorized'],
  ])('when %s', async (_, app, other, kinds, refusal) => {
    await using server = await gitHubClient(({ url }) => (url === '/repos/acme/app' ? app : other));
    const accesses = await checkAccess(server.github, [REPO, OTHER]);
    expect(accesses.map(({ repo, kind }) => [repo, kind])).toEqual([
      [REPO, kinds[0]],
      [OTHER, kinds[1]],
    ]);
    expect(refusalToStart(accesses)?.category ?? null).toBe(refusal);
  });
});
