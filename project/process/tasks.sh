# The commands of ./run.
# shellcheck shell=bash

WE_STARTED_SUPERVISOR=0

export DJANGO_SETTINGS_MODULE="${DJANGO_SETTINGS_MODULE:-project.settings.production}"

manage() { "$PY" manage.py "$@"; }
as_owner() { GEOBILL_DB_ROLE=owner "$@"; }
has_command() { compgen -G "*/management/commands/$1.py" >/dev/null || compgen -G "*/*/management/commands/$1.py" >/dev/null; }

# ---- services, manage, stop, reset -------------------------------------------------------------

cmd_services() {
  setup_machine
  start_services
  say "ready after $((SECONDS - started_at)) s; \`./run stop\` ends them"
}

cmd_pages() {
  setup_machine
  setup_pages
}

cmd_manage() {
  [ -x "$PY" ] || setup_machine >&2
  [ -f "$VAR/ports.env" ] && { set -a; . "$VAR/ports.env"; set +a; }
  exec "$PY" manage.py "$@"
}

cmd_stop() {
  if supervisor_runs; then say "stopping what runs from $VAR"; else note "no supervisor of $VAR is running"; fi
  [ -d "$VAR" ] && stop_supervisor
  say "stopped"
}

cmd_reset() {
  cmd_stop
  if [ -s "$VAR/pgdata.path" ]; then
    local pgdata
    pgdata=$(cat "$VAR/pgdata.path")
    case "$pgdata" in /var/lib/geobill/*/data) rm -rf "$(dirname "$pgdata")"; rmdir --ignore-fail-on-non-empty /var/lib/geobill ;; esac
  fi
  [ -d "$VAR" ] && rm -rf "${VAR:?}"/* "${VAR:?}"/.[!.]* 2>/dev/null
  rmdir "$VAR" 2>/dev/null || true
  say "reset: the run-time data is gone"
}

# ---- demo --------------------------------------------------------------------------------------

migrate() {
  say "Database schema"
  as_owner manage migrate --noinput -v 0 || fail "the migrations failed"
}

render_raddb() {
  has_command render_raddb || return 0
  mkdir -p "$VAR/raddb"
  manage render_raddb --out "$VAR/raddb" >"$VAR/logs/render_raddb.log" 2>&1 || { cat "$VAR/logs/render_raddb.log" >&2; fail "the RADIUS configuration could not be written"; }
  PATH="$PATH:/usr/sbin" freeradius -C -l stdout -d "$VAR/raddb" >"$VAR/logs/freeradius-check.log" 2>&1 ||
    { tail -n 20 "$VAR/logs/freeradius-check.log" >&2; fail "FreeRADIUS refuses its configuration"; }
}

start_app() {
  render_supervisor
  supervisorctl update >/dev/null
  # Restarting what already runs gives it the code of now; what doesn't run is started.
  supervisorctl restart "app:*" >"$VAR/logs/start.log" 2>&1 || { grep -v started "$VAR/logs/start.log" >&2; fail "a part did not start; see $VAR/logs"; }
  "$PY" -m project.process.ready web radius-rest || fail "the web does not answer; see $VAR/logs/web.log"
}

print_addresses() {
  say "Geobill is ready after $((SECONDS - started_at)) s"
  note "web        http://127.0.0.1:$GEOBILL_WEB_PORT/"
  note "RADIUS     127.0.0.1: authentication $GEOBILL_RADIUS_AUTH_PORT, accounting $GEOBILL_RADIUS_ACCT_PORT (udp); the shared secret is in $VAR/secrets/radius"
  if [ -s "$VAR/demo-pay-link.txt" ]; then
    note "pay page   $(cat "$VAR/demo-pay-link.txt")"
    note "           its payment systems are played at http://127.0.0.1:$GEOBILL_SIMULATOR_PORT/ : no money moves but in the books"
  fi
  if [ -s "$VAR/demo-bras.txt" ]; then
    note "lines      routers of the demo's clients are played and log in by themselves ($(cat "$VAR/demo-bras.txt"))"
  fi
  note "logs       $VAR/logs"
  if [ -s "$VAR/demo-logins.txt" ]; then
    say "Demo log-ins"
    sed 's/^/    /' "$VAR/demo-logins.txt"
  fi
}

# Stay until the supervisor ends or somebody ends us; then everything that it started ends too.
attend() {
  local pid
  pid=$(cat "$VAR/run/supervisord.pid")
  trap 'trap "" INT TERM HUP; echo; say "stopping"; stop_supervisor; say "stopped"; exit 0' INT TERM HUP
  say "Ctrl-C ends everything"
  while kill -0 "$pid" 2>/dev/null; do sleep 1 & wait $! || true; done
  say "the system was stopped"
}

cmd_demo() {
  local detach=0
  case "${1:-}" in
    "") ;;
    -d | --detach) detach=1 ;;
    *) fail "demo knows no option \"$1\"" ;;
  esac
  trap 'demo_failed' EXIT
  setup_machine
  setup_pages
  start_services
  migrate
  if has_command load_demo; then
    say "Demo data"
    manage load_demo || fail "the demo data could not be loaded"
  fi
  render_raddb
  say "Web, RADIUS, workers"
  start_app
  trap - EXIT
  print_addresses
  [ $detach = 1 ] || attend
}

demo_failed() {
  local code=$?
  [ "$WE_STARTED_SUPERVISOR" = 1 ] && stop_supervisor
  exit $code
}

# ---- test --------------------------------------------------------------------------------------

STEPS=()
FAILED=0
UNSTEADY=""

# step NAME COMMAND…: run it, remember how it went and how long it took; a failure does not stop the rest.
step() {
  local name=$1 begin=$SECONDS outcome=ok
  shift
  say "$name"
  "$@" || { outcome=FAILED; FAILED=1; }
  STEPS+=("$(printf '%-28s %-7s %4d s' "$name" "$outcome" $((SECONDS - begin)))")
}

test_finished() {
  local code=$?
  trap '' INT TERM HUP
  [ "$WE_STARTED_SUPERVISOR" = 1 ] && stop_supervisor
  exit $code
}

run_pytest() {
  local code=0
  DJANGO_SETTINGS_MODULE=project.settings.test "$PY" -m pytest "$@" || code=$?
  return $code
}

# All tests; when only a few browser tests failed, their modules once more (tests/second_look.py).
run_all_tests() {
  local code=0 modules
  rm -f .pytest_cache/v/cache/lastfailed
  # A module stays on one worker, in its order: what one browser test leaves the next one finds.
  # The order of modules is ours (tests/conftest.py): by the number of tests the longest would be last.
  run_pytest -n auto --dist loadfile --no-loadscope-reorder --durations=25 --durations-min=3 || code=$?
  [ $code = 1 ] || return $code
  modules=$("$PY" -m tests.second_look) || return 1
  say "Second look, alone: $(echo $modules)"
  # shellcheck disable=SC2086  # one word a module
  run_pytest $modules || return 1
  UNSTEADY=$(echo $modules)
}

cmd_test() {
  trap test_finished EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM HUP
  setup_machine
  setup_relay
  setup_pages
  start_services
  if [ $# -gt 0 ]; then
    run_pytest "$@"
    exit
  fi
  step "ruff" "$VENV/bin/ruff" check .
  step "ruff format" "$VENV/bin/ruff" format --check .
  step "mypy" "$VENV/bin/mypy" .
  step "import rules" "$VENV/bin/lint-imports" --no-cache
  step "migrations are complete" env DJANGO_SETTINGS_MODULE=project.settings.test "$PY" manage.py makemigrations --check --dry-run
  step "translations" "$PY" manage.py compile_translations --check
  [ -f frontend/tsconfig.json ] && step "TypeScript" npm run --silent check
  step "tests" run_all_tests
  say "Summary ($((SECONDS - started_at)) s)"
  printf '    %s\n' "${STEPS[@]}"
  [ -z "$UNSTEADY" ] || say "unsteady, passed only at the second look: $UNSTEADY"
  [ $FAILED = 0 ] || fail "some checks failed"
  say "all checks passed"
}

# ---- bench, chaos, simulate --------------------------------------------------------------------

# cmd_module PACKAGE WORD [NAME] [ARGS]: run PACKAGE/NAME.py, or the package itself without a name.
cmd_module() {
  local package=$1 word=$2 folder
  shift 2
  folder=${package//.//}
  [ -d "$folder" ] || fail "there is no $word yet (no folder $folder)"
  local module=$package
  if [ $# -gt 0 ] && [ "${1#-}" = "$1" ]; then
    [ -f "$folder/$1.py" ] || fail "there is no $word \"$1\"; there are: $(cd "$folder" && ls ./*.py | sed 's|^\./||; s|\.py$||; /^_/d' | tr '\n' ' ')"
    module=$package.$1
    shift
  elif [ ! -f "$folder/__main__.py" ]; then
    fail "name one: $(cd "$folder" && ls ./*.py | sed 's|^\./||; s|\.py$||; /^_/d' | tr '\n' ' ')"
  fi
  trap test_finished EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM HUP
  setup_machine >&2
  setup_pages >&2
  start_services >&2
  "$PY" -m "$module" "$@"
}

# ---- vectors -----------------------------------------------------------------------------------

# cmd_vectors [DIR] [PROVIDER…]: every vector of a folder, over HTTP, in databases of their own.
cmd_vectors() {
  trap test_finished EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM HUP
  setup_machine >&2
  setup_pages >&2
  start_services >&2
  "$PY" -m tests.vectors "$@"
}
