import { expect, test } from 'vitest';
import { commitTo, gitFixture, REPO } from '../../test/support/git-fixture.ts';

test('a change by its numbers, its text and its subjects', async () => {
  await using fixture = await gitFixture();
  const { origin, workspaces, cloneUrl } = fixture;
  const from = commitTo(origin, 'trunk', { 'a.txt': '1\n2\n3\n', 'gone.txt': 'x\n' });
  commitTo(origin, 'trunk', { 'a.txt': '1\n3\n4\n5\n', 'gone.txt': null }, 'First: "quoted"');
  const odd = 'tab\there ü\n"x".txt'.replace('\n', ' ');
  const to = commitTo(origin, 'trunk', { [odd]: 'o\n', 'b.bin': Buffer.from([0, 1, 2]) }, 'Second\n\nBody');
  const mirror = await workspaces.fetchMirror(REPO, cloneUrl);
  expect(await workspaces.diffStat(mirror, from, to)).toEqual({
    files: [
      { path: 'a.txt', added: 2, removed: 1 },
      { path: 'b.bin', added: 0, removed: 0 },
      { path: 'gone.txt', added: 0, removed: 1 },
      { path: odd, added: 1, removed: 0 },
    ],
    truncated: false,
  });
  const whole = await workspaces.diff(mirror, from, to, 10_000);
  expect(whole).toContain('\n-2\n');
  const cut = await workspaces.diff(mirror, from, to, 200);
  expect(Buffer.byteLength(cut)).toBeLessThanOrEqual(200);
  expect(cut).toMatch(/\n\(cut after 200 bytes\)\n$/);
  expect(whole.startsWith(cut.slice(0, cut.indexOf('\n(cut')))).toBe(true);
});
