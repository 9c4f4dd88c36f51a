/**
 * Times are ms since epoch. The state names are spelled out, because a migration never changes after it was released.
 * Repositories compare as on GitHub, without regard to case.
 */
export const initial = `
CREATE TABLE tasks (
  seq           INTEGER PRIMARY KEY,
  id            TEXT NOT NULL UNIQUE CHECK (length(id) = 10),
  repo          TEXT NOT NULL COLLATE NOCASE CHECK (repo LIKE '_%/_%'),
  issue         INTEGER NOT NULL CHECK (issue > 0),
  title         TEXT NOT NULL,
  trigger_event TEXT NOT NULL CHECK (trigger_event <> ''),
  state         TEXT NOT NULL CHECK (state IN ('queued', 'preparing', 'running', 'verifying', 'publishing',
                  'in_review', 'waiting', 'merged', 'closed', 'failed', 'cancelled')),
  reason        TEXT CHECK (reason <> ''),
  wake_at       INTEGER CHECK (wake_at >= 0),
  priority      INTEGER NOT NULL CHECK (priority BETWEEN 0 AND 2),
  agent         TEXT NOT NULL CHECK (agent <> ''),
  generation    INTEGER NOT NULL DEFAULT 0 CHECK (generation >= 0),
  branch        TEXT NOT NULL CHECK (branch <> ''),
  base_sha      TEXT CHECK (length(base_sha) IN (40, 64)),
  head_sha      TEXT CHECK (length(head_sha) IN (40, 64)),
  pr_number     INTEGER CHECK (pr_number > 0),
  pr_url        TEXT CHECK (pr_url <> ''),
  pr_state      TEXT CHECK (pr_state IN ('open', 'draft', 'merged', 'closed')),
  created_at    INTEGER NOT NULL CHECK (created_at >= 0),
  updated_at    INTEGER NOT NULL CHECK (updated_at >= 0),
  finished_at   INTEGER CHECK (finished_at >= 0),
  CHECK ((finished_at IS NOT NULL) = (state IN ('merged', 'closed', 'failed', 'cancelled'))),
  CHECK (reason IS NOT NULL OR state NOT IN ('waiting', 'failed', 'cancelled')),
  CHECK (wake_at IS NULL OR state IN ('queued', 'waiting')),
  CHECK (generation > 0 OR state NOT IN ('preparing', 'running', 'verifying', 'publishing', 'in_review', 'merged')),
  CHECK ((pr_number IS NULL) = (pr_url IS NULL) AND (pr_number IS NULL) = (pr_state IS NULL)),
  CHECK (pr_number IS NOT NULL OR state NOT IN ('in_review', 'merged'))
) STRICT;
CREATE UNIQUE INDEX one_task_per_trigger ON tasks (repo, trigger_event);
CREATE UNIQUE INDEX one_open_task_per_issue ON tasks (repo, issue) WHERE finished_at IS NULL;
CREATE INDEX tasks_by_issue ON tasks (repo, issue);
CREATE INDEX open_tasks ON tasks (finished_at) WHERE finished_at IS NULL;
CREATE INDEX ended_tasks ON tasks (finished_at, state) WHERE finished_at IS NOT NULL;
CREATE INDEX queued_tasks ON tasks (state, priority, seq) WHERE state = 'queued';
CREATE INDEX active_tasks ON tasks (state, repo)
  WHERE state IN ('preparing', 'running', 'verifying', 'publishing');

CREATE TABLE evidence (
  task_id  TEXT PRIMARY KEY REFERENCES tasks (id),
  evidence TEXT NOT NULL CHECK (json_valid(evidence))
) STRICT, WITHOUT ROWID;

CREATE TABLE attempts (
  task_id       TEXT NOT NULL REFERENCES tasks (id),
  number        INTEGER NOT NULL CHECK (number > 0),
  kind          TEXT NOT NULL CHECK (kind IN ('implement', 'revise', 'fix_ci', 'rebase')),
  generation    INTEGER NOT NULL CHECK (generation > 0),
  container_id  TEXT CHECK (container_id <> ''),
  base_sha      TEXT NOT NULL CHECK (length(base_sha) IN (40, 64)),
  start_sha     TEXT NOT NULL CHECK (length(start_sha) IN (40, 64)),
  result_sha    TEXT CHECK (length(result_sha) IN (40, 64)),
  outcome       TEXT CHECK (json_valid(outcome)),
  verification  TEXT CHECK (json_valid(verification)),
  input_tokens  INTEGER NOT NULL DEFAULT 0 CHECK (input_tokens >= 0),
  output_tokens INTEGER NOT NULL DEFAULT 0 CHECK (output_tokens >= 0),
  usd           REAL NOT NULL DEFAULT 0 CHECK (usd >= 0),
  stdout_offset INTEGER NOT NULL DEFAULT 0 CHECK (stdout_offset >= 0),
  stderr_offset INTEGER NOT NULL DEFAULT 0 CHECK (stderr_offset >= 0),
  created_at    INTEGER NOT NULL CHECK (created_at >= 0),
  started_at    INTEGER CHECK (started_at >= 0),
  paused_at     INTEGER CHECK (paused_at >= 0),
  paused_ms     INTEGER NOT NULL DEFAULT 0 CHECK (paused_ms >= 0),
  finished_at   INTEGER CHECK (finished_at >= 0),
  PRIMARY KEY (task_id, number),
  CHECK ((finished_at IS NULL) = (outcome IS NULL)),
  CHECK (result_sha IS NULL OR finished_at IS NOT NULL)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX one_unfinished_attempt ON attempts (task_id) WHERE finished_at IS NULL;

CREATE TABLE events (
  seq     INTEGER PRIMARY KEY AUTOINCREMENT,
  task_id TEXT NOT NULL REFERENCES tasks (id),
  attempt INTEGER CHECK (attempt > 0),
  at      INTEGER NOT NULL CHECK (at >= 0),
  type    TEXT NOT NULL CHECK (type <> ''),
  text    TEXT NOT NULL,
  data    TEXT CHECK (json_valid(data))
) STRICT;
CREATE INDEX events_by_task ON events (task_id, seq);

CREATE TABLE outbox (
  task_id    TEXT NOT NULL REFERENCES tasks (id),
  kind       TEXT NOT NULL CHECK (kind <> ''),
  key        TEXT NOT NULL CHECK (key <> ''),
  generation INTEGER NOT NULL CHECK (generation >= 0),
  intent     TEXT NOT NULL CHECK (json_valid(intent)),
  result     TEXT CHECK (json_valid(result)),
  created_at INTEGER NOT NULL CHECK (created_at >= 0),
  done_at    INTEGER CHECK (done_at >= 0),
  PRIMARY KEY (task_id, kind, key),
  CHECK ((done_at IS NULL) = (result IS NULL))
) STRICT, WITHOUT ROWID;

CREATE TABLE decisions (
  seq           INTEGER PRIMARY KEY,
  repo          TEXT NOT NULL COLLATE NOCASE,
  issue         INTEGER NOT NULL CHECK (issue > 0),
  trigger_event TEXT CHECK (trigger_event <> ''),
  admitted      INTEGER NOT NULL CHECK (admitted IN (0, 1)),
  reason        TEXT NOT NULL,
  at            INTEGER NOT NULL CHECK (at >= 0)
) STRICT;
CREATE UNIQUE INDEX one_decision_per_trigger ON decisions (repo, issue, coalesce(trigger_event, ''));
CREATE INDEX decisions_by_trigger ON decisions (repo, trigger_event);

CREATE TABLE switches (
  name  TEXT PRIMARY KEY CHECK (name IN ('paused')),
  set_at INTEGER NOT NULL CHECK (set_at >= 0)
) STRICT, WITHOUT ROWID;

CREATE TABLE etags (
  key  TEXT PRIMARY KEY,
  etag TEXT NOT NULL
) STRICT, WITHOUT ROWID;
`;
