#!/bin/sh
# Packs the work of an attempt for forge: commits what lies about in /workspace on top of HEAD, then writes its tip
# to /forge/out/tip and, if that is not START, the objects that forge lacks to /forge/out/pack.
# Usage: collect.sh BASE START [squash]     (commits that forge has; either may be empty)
# With `squash` the result is one commit on START, whatever history the agent made: for one that forge refused.
# $FORGE_COMMIT_MESSAGE is what a commit says that holds all of the agent's work.
# Whatever state the agent left the repository in, the files count most. Standard output stays empty.
set -u

base=$1
start=$2
squash=${3:-}
message=${FORGE_COMMIT_MESSAGE:-Keep what the agent left}
out=/forge/out
GIT_DIR=/forge/git
GIT_WORK_TREE=/workspace
GIT_ALTERNATE_OBJECT_DIRECTORIES=/forge/objects
GIT_CONFIG_GLOBAL=/dev/null
GIT_CONFIG_NOSYSTEM=1
GIT_NO_REPLACE_OBJECTS=1
GIT_TERMINAL_PROMPT=0
export GIT_DIR GIT_WORK_TREE GIT_ALTERNATE_OBJECT_DIRECTORIES GIT_CONFIG_GLOBAL GIT_CONFIG_NOSYSTEM \
  GIT_NO_REPLACE_OBJECTS GIT_TERMINAL_PROMPT
unset GIT_INDEX_FILE GIT_OBJECT_DIRECTORY GIT_NAMESPACE GIT_CEILING_DIRECTORIES
cd "$GIT_WORK_TREE" || exit 1

# Frugal, because it shares the container's memory limit with files of any size.
git() {
  command git -c core.hooksPath=/dev/null -c core.bigFileThreshold=16m -c pack.threads=1 \
    -c pack.windowMemory=64m -c pack.deltaCacheSize=32m "$@"
}
note() { echo "forge: $*" >&2; }

# Makes git work again: no locks of processes that are dead, no configuration but the plainest, a readable HEAD.
repair_repository() {
  mkdir -p "$GIT_DIR/objects" "$GIT_DIR/refs"
  find "$GIT_DIR" -path "$GIT_DIR/objects" -prune -o -name '*.lock' -type f -exec rm -f {} +
  rm -rf "$GIT_DIR/config" "$GIT_DIR/commondir" "$GIT_DIR/shallow" "$GIT_DIR/info/grafts"
  if [ "${#start}" -eq 64 ]; then
    printf '[core]\n\trepositoryformatversion = 1\n\ttrustctime = false\n[extensions]\n\tobjectFormat = sha256\n' >"$GIT_DIR/config"
  else
    printf '[core]\n\trepositoryformatversion = 0\n\ttrustctime = false\n' >"$GIT_DIR/config"
  fi
  git rev-parse --git-dir >/dev/null 2>&1 && return
  note 'HEAD was broken; the work is taken as a change to where the agent began'
  rm -rf "$GIT_DIR/HEAD"
  echo "${start:-ref: refs/heads/main}" >"$GIT_DIR/HEAD"
}

# The commit that the leftovers go on top of: HEAD, or where the agent began if HEAD names no commit.
find_head() {
  git rev-parse --quiet --verify 'HEAD^{commit}' 2>/dev/null || echo "$start"
}

# Files the agent made unreadable for itself are its own, so they can be had back.
unlock_files() {
  find . -path ./.git -prune -o -type d ! -perm -700 -exec chmod u+rwx {} \; -o \
    -type f ! -perm -400 -exec chmod u+r {} \;
}

# A repository within the workspace would enter the commit as a bare reference to objects that nobody else has.
# Its files are taken instead. What START had as a submodule is left alone.
dissolve_repositories() {
  git ls-files --stage -z | tr '\0' '\n' | grep '^160000 ' | cut -f 2- | while IFS= read -r path; do
    [ -n "$start" ] && git ls-tree "$start" -- "$path" 2>/dev/null | grep -q '^160000' && continue
    note "$path is a repository of its own; its files are committed, not its history"
    git rm --cached --quiet -- "$path" && rm -rf "./$path/.git"
  done
  rounds=5
  while [ "$rounds" -gt 0 ] && dissolve_untracked; do rounds=$((rounds - 1)); done
}

# git lists an untracked repository as a directory. True if there was one; in its files there may be more of them.
dissolve_untracked() {
  git ls-files --others --exclude-standard -z | tr '\0' '\n' | grep '/$' | (
    found=1
    while IFS= read -r path; do
      found=0
      note "$path is a repository of its own; its files are committed, not its history"
      rm -rf "./$path.git"
    done
    exit "$found"
  )
}

# Records the whole tree in the index, and the index as a tree. An unusable index is made anew.
write_tree() {
  add_all && git write-tree 2>/dev/null && return
  note 'the index was unusable and is made anew'
  rm -rf "$GIT_DIR/index"
  [ -z "$head" ] || git read-tree "$head" >&2
  add_all
  git write-tree
}

add_all() {
  git ls-files >/dev/null 2>&1 || return
  dissolve_repositories >&2
  git add --all --ignore-errors >&2 || note 'some files could not be added'
}

# The tip of the work. `commit-tree` and not `commit`: no hook, no signing, no merge or rebase in progress matters.
commit_leftovers() {
  tree=$(write_tree) || return
  if [ -n "$head" ] && [ "$tree" = "$(git rev-parse "$head^{tree}")" ] && [ ! -f "$GIT_DIR/MERGE_HEAD" ]; then
    echo "$head"
    return
  fi
  set --
  for parent in $head $(cat "$GIT_DIR/MERGE_HEAD" 2>/dev/null); do set -- "$@" -p "$parent"; done
  if [ "$head" = "$start" ]; then left=$message; else left='Keep what the agent left uncommitted'; fi
  git commit-tree "$@" -m "$left" "$tree"
}

# An agent that went back to where it began may have its work on another branch.
newest_branch() {
  [ -z "$start" ] || git for-each-ref --sort=-committerdate --count=1 --format='%(objectname)' \
    --no-merged="$start" refs/heads
}

# A history that does not begin at START cannot go on top of what is there; its files can, as one commit.
put_on_start() {
  [ -z "$start" ] || git merge-base --is-ancestor "$start" "$1" && { echo "$1"; return; }
  note 'the history was rewritten; the work is taken as one commit on where the agent began'
  git commit-tree -p "$start" -m "$message" "$1^{tree}"
}

# What the pack leaves out.
known_commits() {
  for known in $start $base; do
    git cat-file -e "$known^{commit}" 2>/dev/null && echo "^$known"
  done
}

write_result() {
  rm -rf "$out/pack" "$out/tip" "$out/pack.part" "$out/tip.part"
  if [ "$tip" != "$start" ]; then
    { echo "$tip"; known_commits; } |
      git pack-objects --revs --thin --stdout -q >"$out/pack.part" || return
    mv "$out/pack.part" "$out/pack" || return
  fi
  echo "$tip" >"$out/tip.part" && mv "$out/tip.part" "$out/tip"
}

repair_repository
head=$(find_head)
unlock_files
if [ "$squash" = squash ]; then head=$start; fi
tip=$(commit_leftovers) || exit 1
if [ "$tip" = "$start" ]; then
  other=$(newest_branch)
  tip=${other:-$tip}
fi
tip=$(put_on_start "$tip") || exit 1
write_result
