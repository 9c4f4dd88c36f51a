import type { Clock } from '../clock.ts';
import type { EventLog } from '../events/event-log.ts';
import { atomically } from '../store/atomically.ts';
import type { Database } from '../store/open-database.ts';
import type { RepoName, Sha, TaskId } from '../task/ids.ts';
import type { Verification } from '../task/outcome.ts';
import type { TaskState } from '../task/state.ts';
import type { Attempt, Claim, Evidence, PullRequestRef, Task, Usage } from '../task/task.ts';
import { type AttemptEnd, Attempts, type NewAttempt } from './attempts.ts';
import { type Caps, Claimer } from './claim.ts';
import { type Decision, Decisions } from './decisions.ts';
import { type EnqueueResult, Enqueuer, type NewTask } from './enqueue.ts';
import { Etags } from './etags.ts';
import { IdleMoves } from './idle-moves.ts';
import { Mover } from './move.ts';
import { Moves } from './moves.ts';
import { Switches } from './switches.ts';
import { TaskFacts } from './task-facts.ts';
import { TaskFinder } from './task-finder.ts';

/**
 * The durable queue: what it answers is on the disk. A move or a record made with a claim throws `stale` once the
 * task was claimed again; each move leaves a `state` event in the same transaction.
 */
export class TaskQueue {
  readonly #db: Database;
  readonly #enqueuer: Enqueuer;
  readonly #claimer: Claimer;
  readonly #finder: TaskFinder;
  readonly #moves: Moves;
  readonly #idleMoves: IdleMoves;
  readonly #facts: TaskFacts;
  readonly #attempts: Attempts;
  readonly #decisions: Decisions;
  readonly #switches: Switches;
  readonly #etags: Etags;

  constructor(db: Database, clock: Clock, events: EventLog) {
    this.#db = db;
    const mover = new Mover(db, clock, events);
    this.#finder = new TaskFinder(db);
    this.#enqueuer = new Enqueuer(db, clock, events, this.#finder);
    this.#claimer = new Claimer(db, clock, events);
    this.#moves = new Moves(mover);
    this.#idleMoves = new IdleMoves(db, mover, this.#finder);
    this.#facts = new TaskFacts(db, clock);
    this.#attempts = new Attempts(db, clock);
    this.#decisions = new Decisions(db);
    this.#switches = new Switches(db, clock);
    this.#etags = new Etags(db);
  }

  /** Everything that `work` writes, or nothing of it. */
  atomically<T>(work: () => T): T {
    return atomically(this.#db, work);
  }

  /** Makes at most one task of a trigger, ever, and at most one open task of an issue. */
  enqueue(task: NewTask): EnqueueResult {
    return this.#enqueuer.enqueue(task);
  }

  /** Takes the most urgent task that is due, the oldest of these; null when there is none, at a cap, or in a pause. */
  claim(caps: Caps): Task | null {
    return this.#claimer.claim(caps);
  }

  /** When the next queued task becomes due of those that were not yet at this time; null when there is none. */
  nextDueAfter(time: number): number | null {
    return this.#claimer.nextDueAfter(time);
  }

  /** The tasks that occupy a slot, oldest first. */
  active(): Task[] {
    return this.#finder.active();
  }

  get(id: TaskId): Task | null {
    return this.#finder.get(id);
  }

  /** Throws `not_found`. */
  require(id: TaskId): Task {
    return this.#finder.require(id);
  }

  /**
   * The task a person means: by an id or the start of one, or the newest of the issue `owner/name#7`, or `#7` where
   * all tasks are of one repository. Throws `not_found`, or `usage` where it may mean several.
   */
  resolve(text: string): Task {
    return this.#finder.resolve(text);
  }

  /** First what has not ended, oldest first; then what has, the last to end first. */
  list(filter: { state?: TaskState; limit?: number } = {}): Task[] {
    return this.#finder.list(filter);
  }

  /** Without the states in which no task is. */
  counts(): Partial<Record<TaskState, number>> {
    return this.#finder.counts();
  }

  /** Throws `not_found`. */
  evidence(id: TaskId): Evidence {
    return this.#finder.evidence(id);
  }

  startRunning(claim: Claim): Task {
    return this.#moves.startRunning(claim);
  }

  startVerifying(claim: Claim): Task {
    return this.#moves.startVerifying(claim);
  }

  startPublishing(claim: Claim): Task {
    return this.#moves.startPublishing(claim);
  }

  putInReview(claim: Claim, review: { pullRequest: PullRequestRef; headSha: Sha }): Task {
    return this.#moves.putInReview(claim, review);
  }

  /** Closes a task whose agent found nothing to change. */
  finishUnchanged(claim: Claim, reason: string): Task {
    return this.#moves.finishUnchanged(claim, reason);
  }

  /** Gives the task back to the queue, to be claimed from `wakeAt` on. */
  retryLater(claim: Claim, retry: { reason: string; wakeAt: number }): Task {
    return this.#moves.retryLater(claim, retry);
  }

  fail(claim: Claim, reason: string): Task {
    return this.#moves.fail(claim, reason);
  }

  wait(claim: Claim, wait: { reason: string; wakeAt: number | null }): Task {
    return this.#moves.wait(claim, wait);
  }

  cancel(claim: Claim, reason: string): Task {
    return this.#moves.cancel(claim, reason);
  }

  /** Cancels a task that is queued, waiting or in review; throws `conflict` in any other state. */
  cancelIdle(id: TaskId, reason: string): Task {
    return this.#idleMoves.cancelIdle(id, reason);
  }

  /**
   * Queues a failed, cancelled or waiting task again, due at once; throws `conflict` in any other state, and where
   * the issue has another open task.
   */
  requeue(id: TaskId, reason: string): Task {
    return this.#idleMoves.requeue(id, reason);
  }

  setBase(claim: Claim, baseSha: Sha): void {
    this.#facts.setBase(claim, baseSha);
  }

  /** What GitHub says of the pull request by now; the task's own state stays. Throws `not_found`. */
  setPullRequestState(id: TaskId, pullRequest: PullRequestRef): void {
    this.#facts.setPullRequestState(id, pullRequest);
  }

  /** Throws `stale` also where the task is not active, and `conflict` while an earlier attempt is unfinished. */
  beginAttempt(claim: Claim, attempt: NewAttempt): Attempt {
    return this.#attempts.begin(claim, attempt);
  }

  recordContainer(claim: Claim, number: number, containerId: string): void {
    this.#attempts.recordContainer(claim, number, containerId);
  }

  recordStart(claim: Claim, number: number, at: number): void {
    this.#attempts.recordStart(claim, number, at);
  }

  recordPause(claim: Claim, number: number, at: number): void {
    this.#attempts.recordPause(claim, number, at);
  }

  /** Answers how long the attempt has been paused in all, ms: time that counts for no deadline. */
  recordResume(claim: Claim, number: number, at: number): number {
    return this.#attempts.recordResume(claim, number, at);
  }

  /** Also by a newer claim than the one that began it. Throws `conflict` where it has ended before. */
  finishAttempt(claim: Claim, number: number, end: AttemptEnd): void {
    this.#attempts.finish(claim, number, end);
  }

  recordVerification(claim: Claim, number: number, verification: Verification): void {
    this.#attempts.recordVerification(claim, number, verification);
  }

  /** Adds; it needs no claim, because money is spent whoever holds it. */
  addUsage(id: TaskId, number: number, usage: Usage): void {
    this.#attempts.addUsage(id, number, usage);
  }

  attempts(id: TaskId): Attempt[] {
    return this.#attempts.of(id);
  }

  /** From now on nothing is claimed, also after a restart; what is active goes on. */
  pause(): void {
    this.#switches.pause();
  }

  resume(): void {
    this.#switches.resume();
  }

  isPaused(): boolean {
    return this.#switches.isPaused();
  }

  /** Replaces what was decided for the same trigger before. */
  recordDecision(decision: Decision): void {
    this.#decisions.record(decision);
  }

  /** Newest first. */
  decisions(issue: { repo: RepoName; issue: number }): Decision[] {
    return this.#decisions.of(issue);
  }

  hasDecision(repo: RepoName, triggerEvent: string): boolean {
    return this.#decisions.has(repo, triggerEvent);
  }

  /** Of the last answer to this request that was worked through. */
  etag(key: string): string | null {
    return this.#etags.get(key);
  }

  /** null forgets it. */
  setEtag(key: string, etag: string | null): void {
    this.#etags.set(key, etag);
  }
}
