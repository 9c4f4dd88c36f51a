import type { NewEvent } from '../task/event.ts';

const MAX_EVENT_BYTES = 16 * 1024;

/**
 * An agent's text as data that every store and every JSON reader takes: no NUL, no lone surrogate, at most `maxBytes`
 * of UTF-8 and a mark where it was cut. Control sequences stay: they are made harmless where they are shown.
 */
export function bounded(text: string, maxBytes = MAX_EVENT_BYTES): string {
  // No character is shorter than a byte, so what lies behind this cut could not stay.
  const clean = text
    .slice(0, maxBytes + 1)
    .replaceAll('\0', '\ufffd')
    .toWellFormed();
  const bytes = Buffer.from(clean);
  if (bytes.length <= maxBytes) return clean;
  // Streaming: a character that the cut goes through is left out instead of replaced.
  return `${new TextDecoder().decode(bytes.subarray(0, maxBytes), { stream: true })} […]`;
}

/** One line of readable text, for a log that shows one line per event. */
export function oneLine(text: string, maxBytes: number): string {
  return bounded(
    text
      .slice(0, 2 * maxBytes)
      .replace(/\s+/g, ' ')
      .trim(),
    maxBytes,
  );
}

/** A line that says nothing to its adapter, as it came. */
export function outputEvent(stream: 'stdout' | 'stderr', text: string): NewEvent {
  return { type: 'output', text: bounded(text), data: { stream } };
}
