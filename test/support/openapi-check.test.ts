import { expect, test } from 'vitest';
import { type Exchange, startGitHub } from '../../src/demo/github-server.ts';
import { as } from './github-request.ts';
import { checkExchanges } from './openapi-check.ts';

const JSON_TYPE = { 'content-type': 'application/json; charset=utf-8' };

function faultsOf(
  request: Partial<Exchange['request']>,
  response: Partial<Exchange['response']> = {},
): string[] {
  const check = checkExchanges();
  check.observe({
    request: { method: 'GET', path: '/repos/ada/pump/issues', query: '', headers: {}, body: '', ...request },
    response: { status: 200, headers: JSON_TYPE, body: '[]', ...response },
  });
  return check.findings().map(({ side, operation, fault }) => `${side} ${operation}: ${fault}`);
}

test('an exchange as GitHub describes it has no findings', () => {
  expect(faultsOf({ query: 'labels=forge&state=open&per_page=100&since=2026-11-20T10:00:00Z' })).toEqual([]);
});

test('a path that nobody describes', () => {
  expect(faultsOf({ path: '/repos/ada/pump/isues' })).toEqual([
    'request GET /repos/ada/pump/isues: GitHub describes no such operation',
  ]);
});

test.each([
  ['state=opened', /query parameter 'state': .*allowed values/],
  ['per_page=many', /query parameter 'per_page': .*must be integer/],
  ['since=yesterday', /query parameter 'since': .*format/],
  ['label=forge', /query parameter 'label' is not described/],
])('the query %s', (query, fault) => {
  expect(faultsOf({ query })).toEqual([expect.stringMatching(fault)]);
});

test('a number in the path that is none', () => {
  const faults = faultsOf({ path: '/repos/ada/pump/issues/one/events' });
  expect(faults).toEqual([expect.stringMatching(/path parameter 'issue_number': .*must be integer/)]);
});

test.each([
  ['{"head":"a"}', /required property 'base'/],
  ['{"head":"a","base":"b","draft":"yes"}', /\/draft must be boolean/],
  ['{"head":"a","base":"b","labels":["x"]}', /property 'labels' of the body is not described/],
  ['{"head":', /body is not JSON/],
])('the body %s', (body, fault) => {
  const faults = faultsOf(
    { method: 'POST', path: '/repos/ada/pump/pulls', body },
    { status: 422, body: '{"message":"no"}' },
  );
  expect(faults.filter((found) => found.startsWith('request'))).toEqual([expect.stringMatching(fault)]);
});

test('an answer with a wrong type, without a property, with a status or a body of its own', () => {
  const comment = { id: 1, node_id: 'x', user: null, created_at: '2026-11-20T10:00:00Z', updated_at: 'now' };
  const post = { method: 'POST', path: '/repos/ada/pump/issues/1/comments', body: '{"body":"Hello"}' };
  const faults = faultsOf(post, { status: 201, body: JSON.stringify(comment) });
  expect(faults).toContainEqual(
    expect.stringMatching(/^response .*\/updated_at must match format "date-time"/),
  );
  expect(faults).toContainEqual(expect.stringMatching(/^response .*must have required property 'url'/));
  expect(faultsOf(post, { status: 202 })).toEqual([expect.stringMatching(/status 202 is not described/)]);
  expect(faultsOf({}, { body: '<html>', headers: { 'content-type': 'text/html' } })).toEqual([
    expect.stringMatching(/is not JSON/),
  ]);
});

test('it watches a server that is given its observer', async () => {
  const check = checkExchanges();
  const github = await startGitHub({ users: ['ada'], observe: check.observe });
  await as(github, 'ada')('GET', '/user');
  expect(check.findings()).toEqual([]);
  await as(github, 'ada')('GET', '/usr');
  expect(check.findings()).toMatchObject([{ side: 'request', operation: 'GET /usr' }]);
  await github.close();
});
