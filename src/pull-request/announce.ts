import { createHash } from 'node:crypto';
import { isForgeError } from '../errors.ts';
import type { Rooms } from '../rooms.ts';
import type { TaskId } from '../task/ids.ts';
import { commentMarker } from '../task/names.ts';
import type { Task } from '../task/task.ts';
import { progressComment, STATE_LABELS, stateLabel } from './progress-text.ts';

/**
 * Makes the issue show where its task stands: one comment, edited in place, and at most one state label. Compares with
 * what is there and writes only the difference, so it may be called after every move and again after a crash. A
 * locked or deleted issue is no error: there is nobody left to tell.
 */
export async function announceTask(
  id: TaskId,
  rooms: Pick<Rooms, 'queue' | 'github' | 'outbox' | 'config'>,
): Promise<void> {
  const task = rooms.queue.require(id);
  try {
    await showComment(task, rooms);
    await showLabel(task, rooms);
  } catch (error) {
    if (!isForgeError(error, 'forbidden', 'not_found', 'invalid')) throw error;
  }
}

type Announcing = Pick<Rooms, 'queue' | 'github' | 'outbox' | 'config'>;

async function showComment(task: Task, { queue, github, outbox }: Announcing): Promise<void> {
  const body = progressComment(task, queue.attempts(task.id));
  const digest = createHash('sha256').update(body).digest('hex').slice(0, 16);
  await outbox.perform(task, {
    kind: 'comment',
    key: `${task.generation}:${digest}`,
    intent: { issue: task.issue, marker: commentMarker(task.id) },
    find: async () => {
      const mine = await ownComment(task, github);
      if (mine === null) return null;
      if (mine.body !== body) await github.updateComment(task.repo, mine.id, body);
      return { id: mine.id };
    },
    act: async () => ({ id: (await github.createComment(task.repo, task.issue, body)).id }),
  });
}

/** The oldest comment with the marker: nobody else can know a task's random id before forge has posted it. */
async function ownComment(task: Task, github: Announcing['github']) {
  const marker = commentMarker(task.id);
  const comments = await github.comments(task.repo, task.issue);
  return comments.find((comment) => comment.body.startsWith(marker)) ?? null;
}

async function showLabel(task: Task, { github, outbox, config }: Announcing): Promise<void> {
  const wanted = stateLabel(task);
  const wantedName = wanted === null ? null : `${config.label}:${wanted}`;
  const present = new Set(
    (await github.issueLabels(task.repo, task.issue)).map((name) => name.toLowerCase()),
  );
  for (const label of STATE_LABELS) {
    const name = `${config.label}:${label}`;
    const isPresent = present.has(name.toLowerCase());
    if (isPresent === (name === wantedName)) continue;
    const change = isPresent ? 'remove' : 'add';
    await outbox.perform(task, {
      kind: 'label',
      key: `${task.generation}:${task.state}:${change}:${name}`,
      intent: { issue: task.issue, change, name },
      find: async () => null,
      act: async () => {
        if (isPresent) await github.removeLabel(task.repo, task.issue, name);
        else await github.addLabel(task.repo, task.issue, name);
        return { change, name };
      },
    });
  }
}
