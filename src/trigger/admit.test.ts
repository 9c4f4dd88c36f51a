import { describe, expect, test } from 'vitest';
import type { LabelEvent } from '../github/records.ts';
import { type Permission, PRIORITY } from '../task/task.ts';
import { type AdmissionFacts, admit, newestTrigger } from './admit.ts';

const event = (id: string, kind: LabelEvent['kind'], label = 'forge'): LabelEvent => ({
  id,
  kind,
  label,
  actor: { login: 'ann', id: 7 },
  at: Number(id) * 1000,
});

const facts = (more: Partial<AdmissionFacts> = {}): AdmissionFacts => ({
  issue: { labels: ['forge'] },
  trigger: event('5', 'labeled'),
  permission: 'write',
  label: 'forge',
  defaultAgent: 'claude',
  ...more,
});

describe('the newest trigger', () => {
  test.each<[string, LabelEvent[], string, string | null]>([
    ['none without events', [], 'forge', null],
    ['the only one', [event('1', 'labeled')], 'forge', '1'],
    ['the last one', [event('1', 'labeled'), event('2', 'unlabeled'), event('3', 'labeled')], 'forge', '3'],
    ['none when it was taken off last', [event('1', 'labeled'), event('2', 'unlabeled')], 'forge', null],
    ['not touched by other labels', [event('1', 'labeled'), event('2', 'unlabeled', 'bug')], 'forge', '1'],
    [
      'not a longer label',
      [event('1', 'labeled', 'forge:high'), event('2', 'labeled', 'forger')],
      'forge',
      null,
    ],
    ['found in any case', [event('1', 'labeled', 'Forge')], 'fORGE', '1'],
    ['lost in any case', [event('1', 'labeled', 'Forge'), event('2', 'unlabeled', 'forge')], 'forge', null],
    ['found however it is composed', [event('1', 'labeled', 'sch\u00f6n')], 'scho\u0308n', '1'],
  ])('%s', (_, events, label, expected) => {
    expect(newestTrigger(events, label)?.id ?? null).toBe(expected);
  });
});

describe('who may trigger', () => {
  test.each<[Permission, boolean]>([
    ['admin', true],
    ['maintain', true],
    ['write', true],
    ['triage', false],
    ['read', false],
    ['none', false],
  ])('%s: %s', (permission, expected) => {
    const admission = admit(facts({ permission }));
    expect(admission).toMatchObject({ admit: expected, triggerEvent: '5' });
    if (!admission.admit) expect(admission.reason).toContain(`ann applied the label 'forge'`);
    if (!admission.admit) expect(admission.reason).toContain(`'${permission}'`);
  });

  test('an account that is gone may not', () => {
    const trigger = { ...event('5', 'labeled'), actor: null };
    const expected = { admit: false, triggerEvent: '5', reason: expect.stringContaining('no longer exists') };
    expect(admit(facts({ trigger, permission: null }))).toEqual(expected);
    expect(admit(facts({ trigger, permission: 'admin' }))).toEqual(expected);
  });

  test('nobody may where no event tells who it was', () => {
    expect(admit(facts({ trigger: null, permission: 'admin' }))).toEqual({
      admit: false,
      triggerEvent: null,
      reason: "no event says who applied the label 'forge'",
    });
  });
});

test('the admission says who, when and with what right', () => {
  expect(admit(facts({ permission: 'maintain' }))).toEqual({
    admit: true,
    triggerEvent: '5',
    appliedBy: { login: 'ann', id: 7, permission: 'maintain' },
    appliedAt: 5000,
    priority: PRIORITY.normal,
    agent: 'claude',
  });
});

test.each([
  [['forge'], PRIORITY.normal, 'claude'],
  [['forge', 'forge:high'], PRIORITY.high, 'claude'],
  [['forge', 'Forge:LOW'], PRIORITY.low, 'claude'],
  [['forge', 'forge:low', 'forge:high'], PRIORITY.high, 'claude'],
  [['forge', 'forge:command'], PRIORITY.normal, 'command'],
  [['forge', 'FORGE:Codex', 'forge:high'], PRIORITY.high, 'codex'],
  [['forge', 'high', 'other:low', 'codex', 'forge:unknown'], PRIORITY.normal, 'claude'],
  [['forge', 'forge:running', 'forge:review', 'forge:failed', 'forge:waiting'], PRIORITY.normal, 'claude'],
])('the labels %j mean priority %i and agent %s', (labels, priority, agent) => {
  expect(admit(facts({ issue: { labels } }))).toMatchObject({ admit: true, priority, agent });
});
