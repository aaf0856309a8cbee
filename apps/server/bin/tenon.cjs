#!/usr/bin/env node
require('../../../scripts/supported-node.cjs');
void import('./tenon.mjs');
