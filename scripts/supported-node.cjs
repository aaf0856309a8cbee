// Loaded before anything else. Ends the process with one sentence when Node is too old to run the rest. Old versions must be able to parse
// this file, so it uses no newer syntax.
const wanted = require('../package.json').engines.node.replace('>=', '');
const found = process.versions.node;
if (Number(found.split('.')[0]) < Number(wanted)) {
  console.error('Tenon needs Node ' + wanted + ' or newer, but this is Node ' + found + ': see https://nodejs.org');
  process.exit(1);
}
