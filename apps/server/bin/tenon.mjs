#!/usr/bin/env node
// An older Node runs this file too, to start ours. It has no compile cache, so a named import of it would fail.
import module from 'node:module';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** After how many milliseconds the server has certainly started. */
const startedAfter = 5000;

if (process.features.typescript) {
  const { compiledIn, currentBundle } = await import('../bundle.mjs');
  const bundle = await currentBundle();
  // Does nothing when the folder is read-only, or when NODE_COMPILE_CACHE names another folder.
  module.enableCompileCache(compiledIn(bundle));
  // Node itself writes the cache when the process ends, but a server may be killed.
  setTimeout(() => module.flushCompileCache(), startedAfter).unref();
  await import(pathToFileURL(join(bundle, 'tenon.js')).href);
} else {
  const { relay } = await import('../../../scripts/relay.mjs');
  const bundledNode = fileURLToPath(new URL('../../../node_modules/.bin/node', import.meta.url));
  relay(bundledNode, [fileURLToPath(import.meta.url), ...process.argv.slice(2)]);
}
