#!/usr/bin/env node
// An older Node, which runs this file only to start ours, has no compile cache to import by name.
import module from 'node:module';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** When the server has started, in milliseconds. */
const startedAfter = 5000;

if (process.features.typescript) {
  const { compiledIn, currentBundle } = await import('../bundle.mjs');
  const bundle = await currentBundle();
  // Does nothing where the folder is read-only, and where NODE_COMPILE_CACHE names another folder.
  module.enableCompileCache(compiledIn(bundle));
  // Node itself writes it when the process ends, but a server may be killed.
  setTimeout(() => module.flushCompileCache(), startedAfter).unref();
  await import(pathToFileURL(join(bundle, 'tenon.js')).href);
} else {
  const { relay } = await import('../../../scripts/relay.mjs');
  const bundledNode = fileURLToPath(new URL('../../../node_modules/.bin/node', import.meta.url));
  relay(bundledNode, [fileURLToPath(import.meta.url), ...process.argv.slice(2)]);
}
