const ZERO_WIDTH_SPACE = '\u200b';
/** Control characters but for tab and newline; and what changes the direction of the text around it. */
const CONTROL = /[\p{Cc}--[\t\n]]/gv;
const INVISIBLE = /[[\p{Cc}--[\t\n]]\p{Bidi_Control}]/gv;
const QUOTED_CHARACTERS = 12_000;

/**
 * Text by an agent or a stranger, as Markdown that can do nothing: it mentions nobody, closes or links no issue, loads
 * no image, holds no HTML (so no comment that could pass for forge's marker), and is cut at 12,000 characters.
 */
export function quoteForeign(text: string): string {
  const cut = text.length > QUOTED_CHARACTERS ? `${text.slice(0, QUOTED_CHARACTERS)}\n…` : text;
  return cut
    .replace(/\r\n?/g, '\n')
    .replace(INVISIBLE, '')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replace(/!\[/g, '!\\[')
    .replace(/@(?=[\p{L}\p{N}])/gu, `@${ZERO_WIDTH_SPACE}`)
    .replace(/#(?=\d)/g, `#${ZERO_WIDTH_SPACE}`)
    .replace(/\bGH-(?=\d)/gi, (found) => `${found}${ZERO_WIDTH_SPACE}`)
    .replace(/\/(issues|pull)\/(?=\d)/gi, `/${ZERO_WIDTH_SPACE}$1/`)
    .trim();
}

/** A code block that its content cannot close: the fence is longer than any run of backticks inside. */
export function fence(text: string): string {
  const longest = Math.max(2, ...Array.from(text.matchAll(/`+/g), (run) => run[0].length));
  const ticks = '`'.repeat(longest + 1);
  return `${ticks}text\n${text.replace(CONTROL, '')}\n${ticks}`;
}

/** As a quotation: nothing in it can begin a heading or a code block that goes on outside. */
export function quoteLines(text: string): string {
  return text
    .split('\n')
    .map((line) => `> ${line}`)
    .join('\n');
}
