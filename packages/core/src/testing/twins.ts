import type { ServiceContext } from '../database/context.ts';
import { mutate } from '../database/unit-of-work.ts';

/** Does something while a mutation has its Idempotency-Key and has not ended. */
export const whileMutating = <Value>(ctx: ServiceContext, work: () => Promise<Value>): Promise<Value> =>
  mutate(ctx, work);
