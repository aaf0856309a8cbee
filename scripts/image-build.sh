#!/bin/sh
# Installs and bundles the server in the current folder. The Dockerfile and scripts/rehearse-image.sh run this.
set -eu
pnpm=$(node -p "require('./package.json').devEngines.packageManager.version")
CI=true npm exec --yes -- "pnpm@$pnpm" install --prod --frozen-lockfile --filter-prod '@tenon/server...'
node apps/server/bundle.mjs
# Only the bundle runs, with the libraries that it does not contain.
rm -rf apps/server/src packages node_modules/.pnpm/*esbuild*
