/**
 * A value for `FORGE_AGENT_COMMAND` that does by rote what an agent would do about the sample repository's issue:
 * it needs no model, only sh, git and node, and finds out for itself whether there is something to do. What it
 * prints last is its explanation.
 */
export const SCRIPTED_AGENT = String.raw`
set -eu
file=src/averages.js
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
run_tests() { node --test --test-reporter=tap > "$work/tests.txt" 2>&1; }

echo "Reading the task: $(wc -l < "$FORGE_PROMPT_FILE") lines."
echo 'Running the tests.'
if run_tests; then
  echo 'All tests pass already, so there is nothing to change.'
  exit 0
fi
sed -n -e '/\.js$/d' -e 's/^ *not ok [0-9]* - /Failing: /p' "$work/tests.txt"

echo "Changing $file: sort() without a comparison sorts numbers as text."
sed 's/\.sort()/.sort((a, b) => a - b)/' "$file" > "$work/fixed.js"
cat "$work/fixed.js" > "$file"

echo 'Running the tests again.'
if ! run_tests; then
  cat "$work/tests.txt" >&2
  echo 'The tests still fail.' >&2
  exit 1
fi

git add "$file"
git commit --quiet --message 'Sort numbers by value in median'
echo 'median() sorted its numbers as text, so 10 came before 2. It compares them by value now, and all tests pass.'
`.trim();
