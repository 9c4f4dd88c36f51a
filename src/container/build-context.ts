import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { type Extract, extract, type Pack, pack } from 'tar-stream';
import { ForgeError } from '../errors.ts';

/** Equal contexts are to be equal bytes, so that the builder's cache holds. */
const EPOCH = new Date(0);

export interface Program {
  /** Its name in the context's `bin/`. */
  name: string;
  /** A npm package's archive, and the path in it. */
  archive: string;
  file: string;
}

/**
 * The build's context as a tar archive: the Dockerfile, and `bin/` with programs out of npm packages, streamed from
 * archive to archive. An error on the way ends the stream with it.
 */
export function buildContext(dockerfile: Buffer, programs: readonly Program[]): Readable {
  const context = pack();
  const fill = async () => {
    context.entry({ name: 'Dockerfile', mode: 0o644, mtime: EPOCH }, dockerfile);
    // `COPY bin/` needs the directory even when it is empty.
    context.entry({ name: 'bin/', type: 'directory', mode: 0o755, mtime: EPOCH });
    for (const program of programs) await addProgram(context, program);
    context.finalize();
  };
  fill().catch((error: Error) => context.destroy(error));
  // tar-stream's own kind of stream, which whoever pipes or iterates it cannot tell from Node's.
  return context as unknown as Readable;
}

async function addProgram(context: Pack, program: Program): Promise<void> {
  const reading = extract();
  const [found] = await Promise.all([
    copyFile(reading, context, program),
    pipeline(createReadStream(program.archive), createGunzip(), reading),
  ]);
  if (!found) {
    throw new ForgeError(`${program.archive} has no ${program.file}`, {
      category: 'invalid',
      service: 'docker',
    });
  }
}

async function copyFile(reading: Extract, context: Pack, { name, file }: Program): Promise<boolean> {
  let found = false;
  for await (const entry of reading) {
    if (entry.header.name !== file) {
      entry.resume();
      continue;
    }
    found = true;
    const { size } = entry.header;
    await pipeline(entry, context.entry({ name: `bin/${name}`, size, mode: 0o755, mtime: EPOCH }));
  }
  return found;
}
