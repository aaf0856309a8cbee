// Every npm script starts here, on the Node of the host.
require('./supported-node.cjs');
void import('./boot.mjs');
