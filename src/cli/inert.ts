/**
 * Controls (C0, DEL, C1), everything of category Cf (bidi overrides, zero-width characters), line separators, lone
 * surrogates, letters that look like nothing, and the whole plane of tags. A tab may stay, and so may the joiners
 * without which emoji and several scripts fall apart.
 */
const ACTIVE =
  /(?![\t\u200c\u200d])(?:[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\u115f\u1160\u3164\uffa0]|\u17b4|\u17b5|[\u{e0000}-\u{e0fff}])/gu;

/** Colours alone; agents print many, and their codes made visible would bury the text. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: the escape is what is looked for
const COLOUR = /\x1b\[[\d;:]{0,32}m/g;

/**
 * Text from outside as one line that a terminal only shows: what would move, colour, hide or reorder is written out
 * as `\x1b` or `\u{202e}`. Colour codes are dropped.
 */
export function inert(text: string): string {
  return text.replace(COLOUR, '').replace(ACTIVE, escaped);
}

/** Like `inert`, line by line; a line break at the end begins no further line. */
export function inertLines(text: string): string[] {
  return text
    .replace(/\r?\n$/, '')
    .split(/\r?\n/)
    .map(inert);
}

/** For the text of a JSON document: the same characters as JSON's own escapes, so that it still means the same. */
export function inertJson(json: string): string {
  return json.replace(ACTIVE, (character) =>
    character
      .split('')
      .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
      .join(''),
  );
}

function escaped(character: string): string {
  const code = (character.codePointAt(0) ?? 0).toString(16);
  return code.length <= 2 ? `\\x${code.padStart(2, '0')}` : `\\u{${code}}`;
}
