import { atomically } from '../store/atomically.ts';
import type { Database } from '../store/open-database.ts';
import type { RepoName } from '../task/ids.ts';

/** Why a labelled issue did or did not become a task. */
export interface Decision {
  repo: RepoName;
  issue: number;
  /** GitHub's id of the `labeled` event; null where none was found. */
  triggerEvent: string | null;
  admitted: boolean;
  reason: string;
  at: number;
}

/** The last decision for each trigger. */
export class Decisions {
  readonly #db: Database;
  readonly #sql: ReturnType<typeof prepare>;

  constructor(db: Database) {
    this.#db = db;
    this.#sql = prepare(db);
  }

  record(decision: Decision): void {
    atomically(this.#db, () => this.#sql.record.run({ ...decision, admitted: decision.admitted ? 1 : 0 }));
  }

  of(issue: { repo: RepoName; issue: number }): Decision[] {
    return this.#sql.ofIssue.all(issue).map((row) => ({ ...row, admitted: row.admitted === 1 }));
  }

  has(repo: RepoName, triggerEvent: string): boolean {
    return this.#sql.ofTrigger.get({ repo, triggerEvent }) !== undefined;
  }
}

type DecisionRow = Omit<Decision, 'admitted'> & { admitted: 0 | 1 };

function prepare(db: Database) {
  return {
    record: db.prepare<DecisionRow>(
      `INSERT INTO decisions (repo, issue, trigger_event, admitted, reason, at)
       VALUES (:repo, :issue, :triggerEvent, :admitted, :reason, :at)
       ON CONFLICT (repo, issue, coalesce(trigger_event, ''))
       DO UPDATE SET admitted = excluded.admitted, reason = excluded.reason, at = excluded.at`,
    ),
    ofIssue: db.prepare<{ repo: RepoName; issue: number }, DecisionRow>(
      `SELECT repo, issue, trigger_event AS triggerEvent, admitted, reason, at
       FROM decisions WHERE repo = :repo AND issue = :issue ORDER BY at DESC, seq DESC`,
    ),
    ofTrigger: db.prepare<{ repo: RepoName; triggerEvent: string }, { seq: number }>(
      'SELECT seq FROM decisions WHERE repo = :repo AND trigger_event = :triggerEvent',
    ),
  };
}
