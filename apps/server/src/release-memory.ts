import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/**
 * Returns the memory that the start no longer needs to the system, about 35 MB. V8 by itself keeps it for later. Stops the event loop for
 * up to 60 ms.
 */
export async function releaseMemory(): Promise<void> {
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  if (typeof collect === 'function') await collect({ type: 'major', execution: 'async', flavor: 'last-resort' });
}
