import type { Issue, LabelEvent } from '../github/records.ts';
import {
  AGENT_NAMES,
  type AgentName,
  type Evidence,
  type Permission,
  PRIORITY,
  type Priority,
} from '../task/task.ts';

export interface AdmissionFacts {
  issue: Pick<Issue, 'labels'>;
  /** What `newestTrigger` found. */
  trigger: LabelEvent | null;
  /** Of the account that applied the label; null where there is no such account to ask about. */
  permission: Permission | null;
  label: string;
  /** The agent of an issue that names none. */
  defaultAgent: AgentName;
}

export type Admission =
  | ({ admit: true; triggerEvent: string; priority: Priority; agent: AgentName } & Pick<
      Evidence,
      'appliedBy' | 'appliedAt'
    >)
  | { admit: false; triggerEvent: string | null; reason: string };

const MAY_TRIGGER: readonly Permission[] = ['admin', 'maintain', 'write'];

/** Whether this issue becomes a task: only if an account that could push to the repository put the label on. */
export function admit({ issue, trigger, permission, label, defaultAgent }: AdmissionFacts): Admission {
  if (trigger === null) {
    return { admit: false, triggerEvent: null, reason: `no event says who applied the label '${label}'` };
  }
  const { id: triggerEvent, actor } = trigger;
  if (actor === null || permission === null) {
    const reason = `the account that applied the label '${label}' no longer exists`;
    return { admit: false, triggerEvent, reason };
  }
  if (!MAY_TRIGGER.includes(permission)) {
    const reason = `${actor.login} applied the label '${label}' with the permission '${permission}'; it takes 'write'`;
    return { admit: false, triggerEvent, reason };
  }
  const priority = priorityOf(issue.labels, label);
  const agent = AGENT_NAMES.find((name) => has(issue.labels, `${label}:${name}`)) ?? defaultAgent;
  const appliedBy = { ...actor, permission };
  return { admit: true, triggerEvent, appliedBy, appliedAt: trigger.at, priority, agent };
}

/** The event by which the issue has the label now; null if it was taken off since, or if no event tells. */
export function newestTrigger(events: readonly LabelEvent[], label: string): LabelEvent | null {
  const newest = events.findLast((event) => sameLabel(event.label, label));
  return newest?.kind === 'labeled' ? newest : null;
}

function priorityOf(labels: readonly string[], label: string): Priority {
  if (has(labels, `${label}:high`)) return PRIORITY.high;
  if (has(labels, `${label}:low`)) return PRIORITY.low;
  return PRIORITY.normal;
}

function has(labels: readonly string[], wanted: string): boolean {
  return labels.some((label) => sameLabel(label, wanted));
}

/** GitHub ignores case in label names, and the same letters may be composed differently in a setting. */
function sameLabel(one: string, other: string): boolean {
  return one.normalize('NFC').toLowerCase() === other.normalize('NFC').toLowerCase();
}
