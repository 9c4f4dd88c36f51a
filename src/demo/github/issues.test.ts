import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { as, type Send } from '../../../test/support/github-request.ts';
import { checkExchanges, type ExchangeCheck } from '../../../test/support/openapi-check.ts';
import { type DemoGitHub, startGitHub } from '../github-server.ts';

let time: number;
let check: ExchangeCheck;
let github: DemoGitHub;
let repo: string;
let wendy: Send;
let issues: string;

beforeEach(async () => {
  time = Date.parse('2026-11-20T10:00:00.750Z');
  check = checkExchanges();
  const users = ['ada', 'wendy', 'tristan', 'rita'];
  github = await startGitHub({ users, clock: { now: () => time }, observe: check.observe });
  const collaborators = { wendy: 'write', tristan: 'triage', rita: 'read' } as const;
  repo = await github.addRepository({
    owner: 'ada',
    name: 'pump',
    private: true,
    empty: true,
    collaborators,
  });
  issues = `/repos/${repo}/issues`;
  wendy = as(github, 'wendy');
});

afterEach(async () => {
  await github.close();
  expect(check.findings()).toEqual([]);
});

function open(title: string): number {
  return github.openIssue({ repo, title, body: 'It drips.', author: 'rita' });
}

describe('labels', () => {
  test('adding one records who did it and when, in whole seconds, and moves updated_at', async () => {
    const number = open('Leak');
    time += 5000;
    await wendy('POST', `/repos/${repo}/labels`, { name: 'forge', color: 'ff0000' });
    await as(github, 'tristan')('POST', `${issues}/${number}/labels`, { labels: ['FORGE'] });
    const events = await wendy('GET', `${issues}/${number}/events`);
    expect(events.body).toMatchObject([
      {
        event: 'labeled',
        actor: { login: 'tristan' },
        label: { name: 'forge' },
        created_at: '2026-11-20T10:00:05Z',
      },
    ]);
    const issue = await wendy('GET', `${issues}/${number}`);
    expect(issue.body).toMatchObject({
      created_at: '2026-11-20T10:00:00Z',
      updated_at: '2026-11-20T10:00:05Z',
    });
  });

  test('adding one that is there already, however it is spelt, changes nothing', async () => {
    const number = open('Leak');
    await wendy('POST', `${issues}/${number}/labels`, { labels: ['forge'] });
    time += 5000;
    const reply = await wendy('POST', `${issues}/${number}/labels`, { labels: ['Forge'] });
    expect(reply.body.map((label: { name: string }) => label.name)).toEqual(['forge']);
    expect((await wendy('GET', `${issues}/${number}/events`)).body).toHaveLength(1);
    expect((await wendy('GET', `${issues}/${number}`)).body.updated_at).toBe('2026-11-20T10:00:00Z');
  });

  test('a label is removed by any spelling, once', async () => {
    const number = open('Leak');
    github.label(repo, number, 'forge:running', 'wendy');
    const path = `${issues}/${number}/labels/${encodeURIComponent('FORGE:running')}`;
    expect((await wendy('DELETE', path)).body).toEqual([]);
    const again = await wendy('DELETE', path);
    expect([again.status, again.body.message]).toEqual([404, 'Label does not exist']);
    const kinds = (await wendy('GET', `${issues}/${number}/events`)).body.map(
      (e: { event: string }) => e.event,
    );
    expect(kinds).toEqual(['labeled', 'unlabeled']);
  });

  test('a second label of the same name is refused', async () => {
    expect((await wendy('POST', `/repos/${repo}/labels`, { name: 'Forge' })).status).toBe(201);
    const reply = await wendy('POST', `/repos/${repo}/labels`, { name: 'fORGE' });
    expect(reply.status).toBe(422);
    expect(reply.body.errors).toEqual([{ resource: 'Label', code: 'already_exists', field: 'name' }]);
    expect((await wendy('GET', `/repos/${repo}/labels`)).body).toMatchObject([
      { name: 'Forge', color: 'ededed' },
    ]);
  });

  test('triage may use labels but not invent them', async () => {
    const reply = await as(github, 'tristan')('POST', `${issues}/${open('Leak')}/labels`, {
      labels: ['new'],
    });
    expect(reply.status).toBe(403);
    expect(reply.body.message).toBe('You do not have permission to create labels on this repository.');
    expect((await wendy('GET', `/repos/${repo}/labels`)).body).toEqual([]);
  });
});

describe('comments', () => {
  test('are listed oldest first, edited in place, and move the updated_at of their issue', async () => {
    const number = open('Leak');
    const first = await as(github, 'rita')('POST', `${issues}/${number}/comments`, { body: 'One' });
    time += 3000;
    await wendy('POST', `${issues}/${number}/comments`, { body: 'Two' });
    await wendy('PATCH', `${issues}/comments/${first.body.id}`, { body: 'One, again' });
    const list = await wendy('GET', `${issues}/${number}/comments`);
    expect(list.body).toMatchObject([
      {
        body: 'One, again',
        user: { login: 'rita' },
        author_association: 'COLLABORATOR',
        updated_at: '2026-11-20T10:00:03Z',
      },
      { body: 'Two', user: { login: 'wendy' } },
    ]);
    expect((await wendy('GET', `${issues}/${number}`)).body).toMatchObject({
      comments: 2,
      updated_at: '2026-11-20T10:00:03Z',
    });
  });

  test('cannot be blank or longer than 65,536 characters, and not edited by another reader', async () => {
    const number = open('Leak');
    const post = (body: string) => wendy('POST', `${issues}/${number}/comments`, { body });
    expect((await post(' ')).body.errors[0].message).toBe('Body cannot be blank');
    expect((await post('x'.repeat(65_537))).body.errors[0].message).toMatch(/^Body is too long/);
    const longest = await post('x'.repeat(65_536));
    expect(longest.status).toBe(201);
    const path = `${issues}/comments/${longest.body.id}`;
    expect((await as(github, 'rita')('PATCH', path, { body: 'Mine' })).status).toBe(403);
    expect((await wendy('PATCH', `${issues}/comments/1`, { body: 'Which?' })).status).toBe(404);
  });

  test('are refused on a locked issue to all who may not write', async () => {
    const number = open('Leak');
    github.lockIssue(repo, number, 'ada');
    const reply = await as(github, 'rita')('POST', `${issues}/${number}/comments`, { body: 'But' });
    expect([reply.status, reply.body.message]).toEqual([
      403,
      'Unable to create comment because issue is locked.',
    ]);
    expect((await wendy('POST', `${issues}/${number}/comments`, { body: 'Done' })).status).toBe(201);
    expect((await wendy('GET', `${issues}/${number}/events`)).body).toMatchObject([{ event: 'locked' }]);
  });
});

describe('the list of issues', () => {
  test('is filtered by state, by all of the labels, and by the time of the last change', async () => {
    const [leak, noise, smell] = [open('Leak'), open('Noise'), open('Smell')];
    github.label(repo, leak, 'forge', 'wendy');
    github.label(repo, noise, 'forge', 'wendy');
    github.label(repo, noise, 'Urgent', 'wendy');
    time += 60_000;
    github.closeIssue(repo, smell, 'ada');
    const titles = async (query: string) =>
      (await wendy('GET', `${issues}?${query}`)).body.map((issue: { title: string }) => issue.title);
    expect(await titles('')).toEqual(['Noise', 'Leak']);
    expect(await titles('labels=Forge&direction=asc')).toEqual(['Leak', 'Noise']);
    expect(await titles('labels=forge,urgent')).toEqual(['Noise']);
    expect(await titles('state=closed')).toEqual(['Smell']);
    expect(await titles('state=all&since=2026-11-20T10:00:30Z')).toEqual(['Smell']);
    github.comment(repo, leak, 'Again', 'rita');
    expect(await titles('sort=updated')).toEqual(['Leak', 'Noise']);
    const closed = await wendy('GET', `${issues}/${smell}`);
    expect(closed.body).toMatchObject({
      state: 'closed',
      state_reason: 'completed',
      closed_by: { login: 'ada' },
    });
  });

  test('has pages of at most 100, linked by the id of the repository', async () => {
    for (let n = 1; n <= 201; n += 1) open(`Leak ${n}`);
    const first = await wendy('GET', `${issues}?state=open&per_page=1000`);
    expect(first.body).toHaveLength(100);
    const links = (reply: { headers: Headers }) =>
      Object.fromEntries(
        [...(reply.headers.get('link') ?? '').matchAll(/<([^>]+)>; rel="(\w+)"/g)].map(([, url, name]) => [
          name,
          url ?? '',
        ]),
      );
    expect(Object.keys(links(first))).toEqual(['next', 'last']);
    expect(links(first).next).toMatch(/\/repositories\/\d+\/issues\?state=open&per_page=1000&page=2$/);
    const second = await wendy('GET', links(first).next ?? '');
    expect(Object.keys(links(second))).toEqual(['prev', 'next', 'last', 'first']);
    const last = await wendy('GET', links(second).last ?? '');
    expect(last.body).toMatchObject([{ number: 1 }]);
    expect(Object.keys(links(last))).toEqual(['prev', 'first']);
  });
});

test('what is not there is not found', async () => {
  for (const path of [`${issues}/7`, `${issues}/7/events`, `${issues}/7/comments`, `${issues}/7/labels`]) {
    expect((await wendy('GET', path)).status).toBe(404);
  }
});
