#!/usr/bin/env node
import { enableCompileCache, flushCompileCache } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** When the server has started, in milliseconds. */
const startedAfter = 5000;

if (process.features.typescript) {
  const { compiledIn, currentBundle } = await import('../bundle.mjs');
  const bundle = await currentBundle();
  // Does nothing where the folder is read-only, and where NODE_COMPILE_CACHE names another folder.
  enableCompileCache(compiledIn(bundle));
  // Node itself writes it when the process ends, but a server may be killed.
  setTimeout(() => flushCompileCache(), startedAfter).unref();
  await import(join(bundle, 'tenon.js'));
} else {
  const { relay } = await import('../../../scripts/relay.mjs');
  const bundledNode = fileURLToPath(new URL('../../../node_modules/.bin/node', import.meta.url));
  relay(bundledNode, [fileURLToPath(import.meta.url), ...process.argv.slice(2)]);
}
