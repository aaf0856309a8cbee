import type { ServiceContext } from '../database/context.ts';
import type { Logger } from '../kernel/logger.ts';
import { Polling } from '../kernel/polling.ts';
import { foldFigures } from './fold.ts';

interface FoldLoopParts {
  context: () => ServiceContext;
  logger: Logger;
}

/** Makes the loop that folds the changes of tasks into the sums of figures every five seconds. */
export function createFoldLoop({ context, logger }: FoldLoopParts): Polling {
  const loop = new Polling({
    look: async () => {
      await foldFigures(context(), () => loop.isStopping);
      // It waits even if there were changes: a change costs less in a fold of many.
      return 0;
    },
    everyMs: 5_000,
    subscribe: () => () => {},
    logger,
    lines: { fails: 'the sums of figures cannot be kept', works: 'the sums of figures are kept again' },
  });
  return loop;
}
