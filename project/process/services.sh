# PostgreSQL and Redis of our own, under a supervisor of our own. Nothing of the system's is used or touched.
# shellcheck shell=bash

# ---- Ports -------------------------------------------------------------------------------------

# What is set in the environment holds; else what was chosen before; else the default, or a free one near it.
choose_ports() {
  local running=""
  supervisor_runs && running=--keep
  "$PY" -m project.process.ports $running --file "$VAR/ports.env" || fail "no ports could be chosen"
  set -a
  # shellcheck source=/dev/null
  . "$VAR/ports.env"
  set +a
}

# ---- PostgreSQL --------------------------------------------------------------------------------

# PostgreSQL refuses to run as root, so root lends it to the system user "postgres".
as_postgres() {
  if is_root; then
    (cd / && runuser -u postgres -- "$@")
  else
    "$@"
  fi
}

# The cluster lies under the run-time folder; when that is behind a folder which the user postgres may not
# enter (a clone below /root, for example), it lies under /var/lib/geobill instead, and `reset` removes it there.
find_pgdata() {
  local kept="$VAR/pgdata.path"
  if [ -s "$kept" ]; then
    cat "$kept"
    return
  fi
  local place="$VAR/postgres"
  if is_root; then
    mkdir -p "$place"
    chown postgres "$place"
    if ! (cd / && runuser -u postgres -- test -x "$place" -a -w "$place"); then
      rmdir "$place"
      place="/var/lib/geobill/$(printf '%s' "$VAR" | sha256sum | cut -c1-12)"
      mkdir -p "$place"
      chown postgres "$place"
      note "the user postgres can't enter $VAR; the database lies in $place" >&2
    fi
  fi
  printf '%s\n' "$place/data" | tee "$kept"
}

secret_file() {
  local file="$VAR/secrets/$1"
  [ -s "$file" ] || (umask 077 && "$PY" -c 'import secrets; print(secrets.token_urlsafe(36))' >"$file")
  echo "$file"
}

make_cluster() {
  local password
  say "PostgreSQL cluster in $PGDATA"
  secret_file db_superuser >/dev/null
  password=$(as_postgres mktemp)
  as_postgres tee "$password" <"$VAR/secrets/db_superuser" >/dev/null
  rm -rf "$PGDATA"
  # Ukrainian rules of sorting (І, Ї, Є and Ґ in their places) by ICU; everything else plain UTF-8.
  as_postgres "$PGBIN/initdb" -D "$PGDATA" -U geobill_super --pwfile="$password" --auth=scram-sha-256 \
    --encoding=UTF8 --locale=C.UTF-8 --locale-provider=icu --icu-locale=uk --data-checksums \
    >"$VAR/logs/initdb.log" 2>&1 || { cat "$VAR/logs/initdb.log" >&2; fail "initdb failed"; }
  as_postgres rm -f "$password"
  echo "include 'geobill.conf'" | as_postgres tee -a "$PGDATA/postgresql.conf" >/dev/null
}

# Unix sockets spare a local connection a third of its way. Their folder is the cluster's, where its path is one
# that all parts understand; else there are none, and everybody comes over TCP.
socket_folder() {
  local place
  place=$(dirname "$PGDATA")
  [ "${#place}" -le 80 ] && [[ $place =~ ^[A-Za-z0-9._/-]+$ ]] && echo "$place"
  return 0
}

configure_cluster() {
  local memory_mb buffers_mb sockets
  sockets=$(socket_folder)
  echo "GEOBILL_DB_SOCKETS=$sockets" >"$VAR/sockets.env"
  memory_mb=$(awk '/^MemTotal/ {print int($2 / 1024)}' /proc/meminfo)
  buffers_mb=$((memory_mb / 8))
  [ "$buffers_mb" -gt 1024 ] && buffers_mb=1024
  [ "$buffers_mb" -lt 64 ] && buffers_mb=64
  sed -e "s/@PORT@/$GEOBILL_PG_PORT/" -e "s/@BUFFERS_MB@/$buffers_mb/" -e "s/@CACHE_MB@/$((memory_mb / 2))/" \
    -e "s|@SOCKETS@|$sockets|" \
    project/process/postgresql.conf | as_postgres tee "$PGDATA/geobill.conf" >/dev/null
}

# ---- Redis -------------------------------------------------------------------------------------

configure_redis() {
  mkdir -p "$VAR/redis"
  (umask 077 && sed -e "s|@PORT@|$GEOBILL_REDIS_PORT|" -e "s|@DIR@|$VAR/redis|" \
    -e "s|@PASSWORD@|$(cat "$(secret_file redis)")|" project/process/redis.conf >"$VAR/redis/redis.conf")
}

# ---- Supervisor --------------------------------------------------------------------------------

supervisorctl() { "$VENV/bin/supervisorctl" -c "$VAR/supervisord.conf" "$@"; }

supervisor_runs() {
  [ -s "$VAR/run/supervisord.pid" ] && [ -f "$VAR/supervisord.conf" ] || return 1
  local pid
  pid=$(cat "$VAR/run/supervisord.pid")
  kill -0 "$pid" 2>/dev/null && tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null | grep -q supervisord
}

render_supervisor() {
  "$PY" -m project.process.programs --out "$VAR/supervisord.conf" --pgbin "$PGBIN" --pgdata "$PGDATA" ||
    fail "the supervisor's configuration could not be written"
}

start_supervisor() {
  if supervisor_runs; then
    supervisorctl update >/dev/null
  else
    rm -f "$VAR/run/supervisord.pid"
    "$PY" -m project.process.orphans # left by a supervisor that was killed
    # In a session of its own: Ctrl-C reaches ./run, which then ends the parts in their order.
    setsid "$VENV/bin/supervisord" -c "$VAR/supervisord.conf" 9>&- </dev/null
    WE_STARTED_SUPERVISOR=1
  fi
}

# PostgreSQL and Redis up, roles and the template database made.
start_services() {
  lock_setup
  PGBIN="/usr/lib/postgresql/$(postgres_version)/bin"
  PGDATA=$(find_pgdata)
  export PGDATA PGBIN
  choose_ports
  as_postgres test -s "$PGDATA/PG_VERSION" || make_cluster
  configure_cluster
  configure_redis
  render_supervisor
  say "PostgreSQL on port $GEOBILL_PG_PORT, Redis on port $GEOBILL_REDIS_PORT"
  start_supervisor
  "$PY" -m project.process.ready postgres redis || fail "PostgreSQL or Redis did not start; see $VAR/logs"
  secret_file db_owner >/dev/null
  secret_file db_app >/dev/null
  secret_file db_radius >/dev/null
  once "$VAR/stamps/bootstrap" "$(fingerprint project/process/bootstrap.py) $(fingerprint "$VAR/secrets")" \
    "$PY" -m project.process.bootstrap
  unlock_setup
}

stop_supervisor() {
  if supervisor_runs; then
    local pid
    pid=$(cat "$VAR/run/supervisord.pid")
    kill -TERM "$pid" 2>/dev/null || true
    for _ in $(seq 1 900); do
      kill -0 "$pid" 2>/dev/null || break
      sleep 0.1
    done
  fi
  # Whatever a killed supervisor left behind is found by the mark in its environment.
  [ -x "$PY" ] && "$PY" -m project.process.orphans
  rm -f "$VAR/run/supervisord.pid"
}
