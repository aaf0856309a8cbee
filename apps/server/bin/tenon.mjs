#!/usr/bin/env node
import { fileURLToPath } from 'node:url';

const cli = new URL('../src/cli.ts', import.meta.url);

if (process.features.typescript) {
  await import(cli.href);
} else {
  const { relay } = await import('../../../scripts/relay.mjs');
  const bundledNode = fileURLToPath(new URL('../../../node_modules/.bin/node', import.meta.url));
  relay(bundledNode, [fileURLToPath(cli), ...process.argv.slice(2)]);
}
