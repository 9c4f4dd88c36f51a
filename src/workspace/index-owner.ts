import { createHash } from 'node:crypto';
import type { Owner } from './hand-over.ts';

/** Of an entry: ctime, mtime, dev, ino, mode, uid, gid, size (4 or 8 bytes each), object id, flags, name. */
const UID_OFFSET = 28;
const GID_OFFSET = 32;
const FLAGS_OFFSET = 60;
const HEADER_BYTES = 12;
const CHECKSUM_BYTES = 20;
const EXTENDED = 0x4000;

/**
 * A git index (version 2 or 3, SHA-1) whose entries name another owner. After `chown` git would otherwise take every
 * file for possibly changed and read it again. Throws for a file of another kind.
 */
export function withOwner(index: Buffer, { uid, gid }: Owner): Buffer {
  const version = index.readUInt32BE(4);
  if (index.toString('latin1', 0, 4) !== 'DIRC' || version < 2 || version > 3) {
    throw new Error(`git wrote an index of version ${version}`);
  }
  const result = Buffer.from(index);
  let offset = HEADER_BYTES;
  for (let left = index.readUInt32BE(8); left > 0; left--) {
    result.writeUInt32BE(uid, offset + UID_OFFSET);
    result.writeUInt32BE(gid, offset + GID_OFFSET);
    const flags = index.readUInt16BE(offset + FLAGS_OFFSET);
    const nameAt = offset + FLAGS_OFFSET + (flags & EXTENDED ? 4 : 2);
    const length = index.indexOf(0, nameAt) - offset;
    // One to eight zero bytes end an entry, so that its length is a multiple of eight.
    offset += length + 8 - (length % 8);
  }
  const body = result.subarray(0, -CHECKSUM_BYTES);
  createHash('sha1').update(body).digest().copy(result, body.length);
  return result;
}
