#!/bin/sh
# Installs what the server needs at run time in the current folder. The Dockerfile and scripts/rehearse-image.sh run this.
set -eu
pnpm=$(node -p "require('./package.json').devEngines.packageManager.version")
CI=true npm exec --yes -- "pnpm@$pnpm" install --prod --frozen-lockfile --filter-prod '@tenon/server...'
