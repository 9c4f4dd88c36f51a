#!/bin/sh
# Runs an agent in its container: relay, set-up, the agent, then the collection of what it leaves.
# Usage: entrypoint.sh COMMAND [ARGUMENT...]
# Exits with the agent's code, or 97 when the set-up failed. Standard output belongs to the agent alone.
set -u

bin=$(dirname "$0")
prompt=${FORGE_PROMPT_FILE:-/forge/run/prompt.txt}
setup=/forge/run/setup.sh
stopped=
interrupted=
group=

# Forwards the engine's TERM to everything that the step under way has started.
stop() {
  stopped=1
  interrupted=1
  [ -z "$group" ] || kill -s TERM -- "-$group" 2>/dev/null || kill -s TERM "$group" 2>/dev/null
}
trap stop TERM INT

# Starts the relay and returns once it listens: its first line, or its death, ends the read.
start_relay() {
  command -v node >/dev/null || return 0
  ready=$(mktemp -u /tmp/relay.XXXXXX)
  mkfifo -m 600 "$ready" || return 0
  node "$bin/relay.js" 8377 /forge/run/gateway.sock >"$ready" </dev/null &
  read -r _ <"$ready" || echo "forge: the relay to the gateway did not start" >&2
  rm -f "$ready"
}

# in_group STDIN COMMAND...: runs it in a process group of its own and sets $code. A signal
# interrupts `wait`, which then has to be asked again for the command's own status.
in_group() {
  input=$1
  shift
  if command -v setsid >/dev/null; then
    setsid "$@" <"$input" &
  else
    "$@" <"$input" &
  fi
  group=$!
  [ -z "$stopped" ] || stop
  code=
  while :; do
    interrupted=
    wait "$group"
    status=$?
    # 127 after a first status: that was the command's own, and the signal came right behind it.
    [ "$status" -eq 127 ] && [ -n "$code" ] || code=$status
    [ -n "$interrupted" ] || break
  done
  kill -s KILL -- "-$group" 2>/dev/null
  group=
}

start_relay
if [ -f "$setup" ]; then
  in_group /dev/null sh "$setup" >&2
  if [ "$code" -ne 0 ]; then
    # The set-up may have said more precisely what failed.
    [ -e /forge/out/setup-failed ] || echo "$code" >/forge/out/setup-failed
    exit 97
  fi
fi
in_group "$prompt" "$@"
sh "$bin/collect.sh" "${FORGE_BASE_SHA:-}" "${FORGE_START_SHA:-}" || echo "forge: the work could not be collected" >&2
exit "$code"
