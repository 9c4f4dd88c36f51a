import { chmodSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { agentCommit, attempt, handOverResult } from '../../test/support/attempt-fixture.ts';
import { REPO } from '../../test/support/git-fixture.ts';

test('nothing that the agent plants in its tree or git directory runs on the host', async () => {
  await using a = await attempt();
  const { workspace, fixture, mirror, start } = a;
  agentCommit(workspace, { '.gitattributes': '* filter=evil diff=evil merge=evil\n', 'a.txt': 'evil\n' });
  handOverResult(workspace, start);
  const canary = join(fixture.home, 'canary');
  const script = join(workspace.tree, 'evil.sh');
  writeFileSync(script, `#!/bin/sh\ntouch '${canary}'\ncat\n`);
  chmodSync(script, 0o755);
  const config = `[core]\n\tfsmonitor = ${script}\n\thooksPath = ${workspace.tree}/hooks\n\tsshCommand = ${script}\n\tpager = ${script}\n\teditor = ${script}\n[filter "evil"]\n\tclean = ${script}\n\tsmudge = ${script}\n\tprocess = ${script}\n\trequired = true\n[diff]\n\texternal = ${script}\n[diff "evil"]\n\ttextconv = ${script}\n\tcommand = ${script}\n[merge "evil"]\n\tdriver = ${script}\n[credential]\n\thelper = ${script}\n[uploadpack]\n\tpackObjectsHook = ${script}\n[alias]\n\tlog = !${script}\n`;
  const planted = join(workspace.tree, 'planted');
  for (const dir of [workspace.gitDir, planted]) {
    mkdirSync(join(dir, 'hooks'), { recursive: true });
    writeFileSync(join(dir, 'config'), config);
    for (const hook of ['reference-transaction', 'post-checkout', 'pre-push', 'post-index-change']) {
      writeFileSync(join(dir, 'hooks', hook), `#!/bin/sh\ntouch '${canary}'\n`, { mode: 0o755 });
    }
  }
  rmSync(join(workspace.tree, '.git'));
  writeFileSync(join(workspace.tree, '.git'), `gitdir: ${planted}\n`);
  writeFileSync(join(workspace.gitDir, 'commondir'), `${planted}\n`);
  writeFileSync(join(workspace.gitDir, 'objects/info/alternates'), `${fixture.origin}/objects\n`);

  const result = await a.importResult();
  if (result.kind !== 'changed') throw new Error(`the result was ${result.kind}`);
  const { workspaces } = fixture;
  await workspaces.diffStat(mirror, start, result.sha);
  expect(await workspaces.diff(mirror, start, result.sha, 10_000)).toContain('+evil');
  await workspaces.prepare({ mirror, attemptId: 'task-1-verify', startSha: result.sha, branch: 'b' });
  await workspaces.push({
    mirror,
    pushUrl: fixture.cloneUrl,
    sha: result.sha,
    branch: 'forge/x',
    expected: null,
  });
  await workspaces.fetchMirror(REPO, fixture.cloneUrl);
  await workspaces.prepare({ mirror, attemptId: 'task-1', startSha: result.sha, branch: 'work' });
  await workspaces.remove('task-1');
  expect(existsSync(canary)).toBe(false);
});
