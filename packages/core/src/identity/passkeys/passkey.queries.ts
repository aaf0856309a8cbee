import { sql } from 'kysely';
import type { ServiceContext } from '../../database/context.ts';
import { countOf, orderOf, pageRequest, readPage } from '../../database/paging.ts';
import { read, type ReadDoor } from '../../database/read-door.ts';
import { defineErrors } from '../../kernel/errors.ts';
import type { Page } from '../../kernel/schemas.ts';
import { requireSignedIn } from '../signed-in.ts';
import type { Passkey, PasskeyId, PasskeyListInput } from './passkey.schema.ts';

export const passkeyErrors = defineErrors({
  passkey_not_found: { kind: 'not_found', message: 'There is no such passkey.' },
  passkey_taken: { kind: 'conflict', message: 'This passkey is registered already.' },
  too_many_passkeys: { kind: 'conflict', message: 'There are 20 passkeys already: delete one first.' },
  passkey_failed: {
    kind: 'unauthenticated',
    message: 'The passkey is not known here, or its answer does not prove that it is yours.',
  },
});

const shown = [
  'passkeys.id',
  'passkeys.name',
  'passkeys.is_backed_up as isBackedUp',
  'passkeys.created_at as createdAt',
  'passkeys.last_used_at as lastUsedAt',
] as const;

/** Reads one passkey of a user. @throws `passkey_not_found` */
export async function passkeyOf(db: ReadDoor, userId: string, id: string): Promise<Passkey> {
  const found = await db
    .selectFrom('passkeys')
    .select([...shown])
    .where('passkeys.user_id', '=', userId)
    .where('passkeys.id', '=', id)
    .executeTakeFirst();
  if (!found) throw passkeyErrors.passkey_not_found();
  return found;
}

/** Reads one passkey of the signed-in user. @throws `unauthenticated`, `passkey_not_found` */
export async function getPasskey(ctx: ServiceContext, { id }: PasskeyId): Promise<Passkey> {
  requireSignedIn(ctx);
  const { userId } = ctx.principal;
  return read(ctx, (db) => passkeyOf(db, userId, id));
}

/** Lists the passkeys of the signed-in user. @throws `unauthenticated` */
export async function listPasskeys(ctx: ServiceContext, input: PasskeyListInput): Promise<Page<Passkey>> {
  requireSignedIn(ctx);
  const { userId } = ctx.principal;
  const columns = { createdAt: { by: sql`passkeys.created_at` } };
  const request = pageRequest(ctx, 'passkeys', input.sort, input);
  return read(ctx, async (db) => {
    const query = db.selectFrom('passkeys').where('passkeys.user_id', '=', userId);
    const order = orderOf(input.sort, columns, sql`passkeys.id`);
    const { rows, nextCursor } = await readPage(query.select([...shown]), order, request);
    const data = rows.map(({ sortValue: _sortValue, ...row }) => row);
    return { data, nextCursor, ...(input.total ? { total: await countOf(query) } : {}) };
  });
}

export const countPasskeys = (db: ReadDoor, userId: string): Promise<number> =>
  countOf(db.selectFrom('passkeys').where('user_id', '=', userId));

/** Lists the passkeys of a user in the form that browsers expect. */
export async function credentialsOf(db: ReadDoor, userId: string) {
  const rows = await db
    .selectFrom('passkeys')
    .select(['credential_id as credentialId', 'transports'])
    .where('user_id', '=', userId)
    .orderBy('id')
    .execute();
  return rows.map(({ credentialId, transports }) => ({ id: credentialId, type: 'public-key' as const, transports }));
}
