import { describe, expect, test } from 'vitest';
import { openQueue } from '../../test/support/queue.ts';
import { parseRepoName } from '../task/ids.ts';

const repo = parseRepoName('acme/app');
const decision = { repo, issue: 1, triggerEvent: 'e1', admitted: false, reason: 'a stranger', at: 10 };

describe('decisions', () => {
  test('are kept per trigger, newest first, the last one of each', () => {
    const { queue } = openQueue();
    const later = { ...decision, triggerEvent: 'e2', admitted: true, reason: 'a writer', at: 20 };
    queue.recordDecision(decision);
    queue.recordDecision(later);
    queue.recordDecision({ ...decision, reason: 'still a stranger', at: 15 });
    queue.recordDecision({ ...decision, issue: 2 });
    expect(queue.decisions({ repo, issue: 1 })).toEqual([
      later,
      { ...decision, reason: 'still a stranger', at: 15 },
    ]);
  });

  test('without a trigger replace one another as well', () => {
    const { queue } = openQueue();
    queue.recordDecision({ ...decision, triggerEvent: null });
    queue.recordDecision({ ...decision, triggerEvent: null, reason: 'no event', at: 30 });
    expect(queue.decisions({ repo, issue: 1 })).toEqual([
      { ...decision, triggerEvent: null, reason: 'no event', at: 30 },
    ]);
  });

  test('are found by their trigger in its repository', () => {
    const { queue } = openQueue();
    queue.recordDecision(decision);
    expect(queue.hasDecision(parseRepoName('Acme/App'), 'e1')).toBe(true);
    expect(queue.hasDecision(repo, 'e2')).toBe(false);
    expect(queue.hasDecision(parseRepoName('acme/other'), 'e1')).toBe(false);
  });
});

test('an ETag is remembered over a restart, replaced, and forgotten', () => {
  const { queue, file, db } = openQueue();
  queue.setEtag('issues', 'W/"1"');
  queue.setEtag('other', '"9"');
  queue.setEtag('issues', 'W/"2"');
  db.close();
  const { queue: again } = openQueue(file);
  expect(again.etag('issues')).toBe('W/"2"');
  again.setEtag('issues', null);
  expect([again.etag('issues'), again.etag('other')]).toEqual([null, '"9"']);
});
