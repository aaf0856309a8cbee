#!/usr/bin/env bash
# Runs the steps of the Dockerfile in an empty folder, for machines without a Docker daemon. It copies the same files, installs the
# same dependencies, starts the server as another user, asks for its health and its pages, and stops it.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
export PATH="$root/node_modules/.bin:$PATH"
port=${PORT:-8099}

image=$(mktemp -d)
server=
cleanup() {
  [ -z "$server" ] || kill -KILL "$server" 2>/dev/null || true
  rm -rf "$image"
}
trap cleanup EXIT
mkdir "$image/app" "$image/data"

# With an index that does not exist, every file is untracked, so git applies .dockerignore to all of them.
cd "$root"
GIT_INDEX_FILE="$image/no-index" git ls-files --others --exclude-per-directory=.gitignore --exclude-from=.dockerignore -z |
  tar --create --null --files-from=- | tar --extract --directory="$image/app"

cd "$image/app"
sh scripts/image-build.sh

run=()
if [ "$(id -u)" = 0 ] && command -v setpriv >/dev/null; then
  run=(setpriv --reuid=65534 --regid=65534 --clear-groups)
  chmod 755 "$image"
  chown -R 65534:65534 "$image/data" "$image/app/apps/server/dist"
fi
"${run[@]}" node apps/server/bundle.mjs --compile
env -i PATH="$PATH" HOME=/nonexistent NODE_ENV=production HOST=127.0.0.1 PORT="$port" DATA_DIR="$image/data" \
  SECRET_KEY="$(node -p "crypto.randomBytes(48).toString('base64url')")" \
  ENCRYPTION_KEY="$(node -p "crypto.randomBytes(32).toString('base64')")" \
  "${run[@]}" node "$image/app/apps/server/bin/tenon.mjs" serve &
server=$!

node --input-type=module -e '
  const [url] = process.argv.slice(1);
  const deadline = Date.now() + 30_000;
  for (;;) {
    const response = await fetch(`${url}/health/live`).catch(() => undefined);
    if (response?.ok) break;
    if (Date.now() > deadline) throw new Error(`no health at ${url}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  for (const page of ["/docs/start.js", "/docs/scalar.js", "/redoc/redoc.js", "/guides/sign-in", "/guides/changelog"]) {
    const { status } = await fetch(url + page);
    if (status !== 200) throw new Error(`${page} is ${status}`);
  }
  // Otherwise it would wait for the server to close its connections.
  process.exit();
' "http://127.0.0.1:$port"
owner=$(stat -c %u "/proc/$server" 2>/dev/null || echo unknown)

kill -TERM "$server"
status=0
wait "$server" || status=$?
server=
[ "$status" = 0 ] || { echo "the server ended with $status on SIGTERM" >&2; exit 1; }
echo "image rehearsed: $(du -sh "$image/app" | cut -f1), served as user $owner, stopped cleanly"
