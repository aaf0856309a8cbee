import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/**
 * Returns the memory that the start no longer needs to the system, about 35 MB. V8 by itself keeps it for later. Stops the event loop for
 * up to 60 ms.
 */
export function releaseMemory(): void {
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  const how = { type: 'major', execution: 'async', flavor: 'last-resort' };
  if (typeof collect === 'function') Reflect.apply(collect, undefined, [how]);
}
