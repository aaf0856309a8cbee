import { z } from 'zod';
import type { ServiceContext } from '../../database/context.ts';
import { readThroughIdentityDoor } from '../../database/identity-door.ts';
import type { JobPayload } from '../../jobs/index.ts';
import { activeAccounts } from '../user.queries.ts';
import { keyOf } from '../user.record.ts';

const ByEmail = z.object({ email: z.string() });

/** Reads the active person whose address the payload names. Answers undefined when no active person has it. */
export const personOf = (ctx: ServiceContext, payload: JobPayload) =>
  readThroughIdentityDoor(ctx.database, (db) =>
    activeAccounts(db)
      .where('users.kind', '=', 'person')
      .where('users.email_key', '=', keyOf(ByEmail.parse(payload).email))
      .executeTakeFirst(),
  );
