/** A small JavaScript project without dependencies, in which one test fails. Contents by path. */
export const SAMPLE_FILES: Readonly<Record<string, string>> = {
  'README.md': `# averages

The mean and the median of some numbers. \`node --test\` runs the tests; nothing has to be installed.
`,
  '.forge.yml': `verify:
  - node --test
`,
  'package.json': `{
  "name": "averages",
  "version": "1.0.0",
  "private": true,
  "type": "module",
  "exports": "./src/averages.js",
  "scripts": {
    "test": "node --test"
  }
}
`,
  'src/averages.js': `export function mean(numbers) {
  return numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
}

export function median(numbers) {
  const sorted = [...numbers].sort();
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
`,
  'test/averages.test.js': `import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mean, median } from '../src/averages.js';

test('the mean is the sum divided by the count', () => {
  assert.equal(mean([1, 2, 6]), 3);
});

test('the median is the number in the middle', () => {
  assert.equal(median([3, 1, 2]), 2);
});

test('the median of an even count lies between the two in the middle', () => {
  assert.equal(median([4, 1, 3, 2]), 2.5);
});

test('the median of numbers with different lengths is still the one in the middle', () => {
  assert.equal(median([10, 9, 2]), 9);
});
`,
};

/** What somebody reports about it. */
export const SAMPLE_ISSUE = {
  title: 'median([10, 9, 2]) is 2 instead of 9',
  body: `\`median\` goes wrong as soon as the numbers do not all have the same number of digits:

\`\`\`js
median([10, 9, 2]); // 2, but the number in the middle is 9
\`\`\`

There is a test for it in \`test/averages.test.js\`, and it fails.
`,
} as const;
