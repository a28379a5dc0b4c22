# Words and folders that every part of ./run uses. Sourced, never run by itself.
# shellcheck shell=bash

VAR=${GEOBILL_VAR:-$root/var}
case "$VAR" in /*) ;; *) VAR="$root/$VAR" ;; esac
VENV="$root/.venv"
PY="$VENV/bin/python"
export GEOBILL_VAR="$VAR"
export PYTHONUNBUFFERED=1

started_at=$SECONDS

say() { printf '\033[1m==>\033[0m %s\n' "$*"; }
note() { printf '    %s\n' "$*"; }
fail() {
  printf '\033[31mgeobill: %s\033[0m\n' "$*" >&2
  exit 1
}

is_root() { [ "$(id -u)" = 0 ]; }

# Run a command as root: as it is when we are root, else through sudo (which may ask for a password).
as_root() {
  if is_root; then
    "$@"
  elif command -v sudo >/dev/null 2>&1; then
    sudo -E -- "$@"
  else
    fail "this step needs root and there is no sudo; run as root once, or install the packages yourself: $*"
  fi
}

# One fingerprint for all the named files and folders that exist; names and contents both count.
fingerprint() {
  local present=()
  for path in "$@"; do [ -e "$path" ] && present+=("$path"); done
  [ ${#present[@]} -gt 0 ] || { echo none; return; }
  find "${present[@]}" -type f -not -path '*/__pycache__/*' -not -path '*/static/build/*' -not -name '*.[mp]o' -print0 |
    LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum | cut -d' ' -f1
}

# once STAMP FINGERPRINT COMMAND…: run the command unless it ran well with the same fingerprint before.
once() {
  local stamp=$1 want=$2
  shift 2
  [ "$(cat "$stamp" 2>/dev/null)" = "$want" ] && return 0
  rm -f "$stamp"
  "$@"
  printf '%s\n' "$want" >"$stamp"
}

make_var() {
  mkdir -p "$VAR" 2>/dev/null || fail "can't make the folder $VAR (GEOBILL_VAR); is it someone else's?"
  [ -w "$VAR" ] || fail "$VAR belongs to another user; run as that user, or \`./run reset\` as root"
  mkdir -p "$VAR/logs" "$VAR/run" "$VAR/stamps"
  mkdir -p -m 700 "$VAR/secrets"
}

# Only one set-up of a folder at a time; a second one waits. The lock ends with this process' file handle.
lock_setup() {
  exec 9>"$VAR/run/setup.lock"
  if ! flock -n 9; then
    note "another ./run is setting up here; waiting for it"
    flock 9
  fi
}
unlock_setup() { exec 9>&-; }
