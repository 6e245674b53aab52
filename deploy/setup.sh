#!/bin/sh
# Makes .venv in the repository's root and installs everything that deploy/requirements/dev.lock pins, then the
# workspace's own packages as editable. Does nothing when neither the lock nor a pyproject.toml has changed since.
set -eu
cd "$(dirname "$0")/.."
requirements=deploy/requirements
members="shared gateway services/identity services/customers services/interactions services/tasks services/automation cli deploy/local"
stamp=.venv/.rapport-setup

fail() {
  echo "setup: $1" >&2
  exit 1
}

# Of every file that decides what .venv holds.
fingerprint() {
  sha256sum deploy/setup.sh $requirements/dev.lock $requirements/build.lock */pyproject.toml */*/pyproject.toml
}

usable_python() {
  "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
}

can_make_environments() {
  "$1" -c 'import ensurepip, venv' 2>/dev/null
}

# The operating system's own comes first: it is built with all optimizations, others often are not (pyenv's usual build
# takes a tenth more time for everything).
find_python() {
  set -- ${PYTHON:-/usr/bin/python3 python3 python3.11 python3.12 python3.13 python3.14}
  for also in can_make_environments true; do
    for candidate; do
      if usable_python "$candidate" && $also "$candidate"; then
        echo "$candidate"
        return
      fi
    done
  done
  fail "Python 3.11 or newer is needed (on Debian: apt-get install python3 python3-venv); PYTHON names another one"
}

apt_install() {
  [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || return 1
  echo "setup: installing $1 (apt-get)"
  log=$(mktemp)
  { DEBIAN_FRONTEND=noninteractive apt-get -q update &&
    DEBIAN_FRONTEND=noninteractive apt-get -q install --yes --no-install-recommends "$1"; } >"$log" 2>&1 ||
    fail "apt-get install $1 failed: $(tail -n 1 "$log")"
  rm -f "$log"
}

make_environment() {
  python=$(find_python)
  can_make_environments "$python" || apt_install python3-venv ||
    fail "Python's venv module is missing (on Debian: apt-get install python3-venv)"
  echo "setup: making .venv with $("$python" --version)"
  "$python" -m venv .venv
}

# Twice quiet: errors only.
pip_install() {
  .venv/bin/python -m pip install --quiet --quiet "$@" || fail "pip could not install what the locks name, see above"
}

# uv downloads many at a time. It does not read pip's settings of where packages come from, so it is told the index;
# where that is not enough, pip does the work.
quick_install() {
  index=$(.venv/bin/python -m pip config list | sed -n "s/^[a-z:]*\.index-url='\(.*\)'\$/\1/p" | tail -n 1)
  UV_SYSTEM_CERTS=true .venv/bin/uv pip install --quiet --python .venv/bin/python ${index:+--default-index "$index"} \
    --require-hashes --requirement $requirements/dev.lock 2>/dev/null
}

install_packages() {
  .venv/bin/python -m pip --version >/dev/null 2>&1 || .venv/bin/python -m ensurepip >/dev/null
  echo "setup: installing $(grep -c == $requirements/dev.lock) packages"
  pip_install --require-hashes --requirement $requirements/build.lock
  quick_install || pip_install --require-hashes --requirement $requirements/dev.lock
  set --
  for member in $members; do set -- "$@" --editable "./$member"; done
  pip_install --no-deps --no-build-isolation "$@"
}

if [ -e "$stamp" ] && [ "$(cat "$stamp")" = "$(fingerprint)" ]; then
  exit 0
fi
usable_python .venv/bin/python || make_environment
install_packages
fingerprint >"$stamp"
echo "setup: done"
