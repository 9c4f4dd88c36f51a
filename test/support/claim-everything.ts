/** A process of its own for the test of concurrent claims: `node claim-everything.ts FILE`, begins at end of input. */
import { text } from 'node:stream/consumers';
import { systemClock } from '../../src/clock.ts';
import { EventLog } from '../../src/events/event-log.ts';
import { TaskQueue } from '../../src/queue/task-queue.ts';
import { openDatabase } from '../../src/store/open-database.ts';

const db = openDatabase(process.argv[2] ?? '');
const queue = new TaskQueue(db, systemClock, new EventLog(db, systemClock));
process.stdout.write('ready\n');
await text(process.stdin);
while ((queue.counts().queued ?? 0) > 0) {
  const task = queue.claim({ maxConcurrent: 1, maxPerRepo: 1 });
  if (task !== null) {
    process.stdout.write(`${JSON.stringify({ id: task.id, active: queue.active().length })}\n`);
    queue.fail(task, 'taken');
  }
}
db.close();
