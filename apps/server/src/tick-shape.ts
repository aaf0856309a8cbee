import { createHook } from 'node:async_hooks';

/*
 * Keeps `process.nextTick` fast. It makes an object for each tick. V8 learns the shape of these objects, and forgets it when a garbage
 * collection finds none of them alive. It does not learn the shape again: from then on a tick takes ten times as long, and a request has
 * eight ticks. So this keeps one of the objects alive. It must run before the first garbage collection.
 */
const hook = createHook({
  init(_id, type, _trigger, tick) {
    if (type === 'TickObject') Object.defineProperty(process, Symbol('a tick'), { value: tick });
  },
});
hook.enable();
process.nextTick(() => {});
hook.disable();
