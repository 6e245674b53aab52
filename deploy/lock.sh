#!/bin/sh
# Writes deploy/requirements/*.lock: dev.lock for a developer's environment (everything), and one lock for each
# deployable's image, which holds only what that deployable needs; build.lock holds what installs the workspace's own
# packages. Pinned, with hashes, without addresses. UPGRADE=1 takes the newest versions that the packages allow.
set -eu
cd "$(dirname "$0")/.."
locks=deploy/requirements
members="shared gateway services/identity services/customers services/interactions services/tasks services/automation cli deploy/local"

compile() {
  uv pip compile --no-config --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
    --no-emit-index-url --no-emit-find-links --no-emit-package rapport-shared "$@"
}

set --
for member in $members; do set -- "$@" "$member/pyproject.toml"; done
compile "$@" --group pyproject.toml:dev --group pyproject.toml:embedded --group pyproject.toml:build \
  --output-file $locks/dev.lock ${UPGRADE:+--upgrade}
for member in gateway services/identity services/customers services/interactions services/tasks services/automation; do
  compile $member/pyproject.toml --constraints $locks/dev.lock --output-file "$locks/$(basename $member).lock"
done
compile --group pyproject.toml:build --constraints $locks/dev.lock --output-file $locks/build.lock
