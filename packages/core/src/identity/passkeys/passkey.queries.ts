import type { ServiceContext } from '../../database/context.ts';
import { countOf } from '../../database/paging.ts';
import { read, type ReadDoor } from '../../database/read-door.ts';
import type { ById, Page } from '../../kernel/schemas.ts';
import { requireSignedIn } from '../signed-in.ts';
import { passkeys } from './passkey.record.ts';
import type { Passkey, PasskeyListInput } from './passkey.schema.ts';

/** Reads one passkey of the signed-in user. @throws `unauthenticated`, `passkey_not_found` */
export async function getPasskey(ctx: ServiceContext, { id }: ById): Promise<Passkey> {
  requireSignedIn(ctx);
  const { userId } = ctx.principal;
  return read(ctx, (db) => passkeys.get(db, { id, userId }));
}

/** Lists the passkeys of the signed-in user. @throws `unauthenticated` */
export async function listPasskeys(ctx: ServiceContext, input: PasskeyListInput): Promise<Page<Passkey>> {
  requireSignedIn(ctx);
  const { userId } = ctx.principal;
  return read(ctx, (db) => passkeys.page(ctx, db, input, passkeys.from(db).where('passkeys.user_id', '=', userId)));
}

/** How many passkeys of a user work. */
export const countPasskeys = (db: ReadDoor, userId: string): Promise<number> =>
  countOf(db.selectFrom('passkeys').where('user_id', '=', userId).where('disabled_at', 'is', null));

/** Lists the passkeys of a user in the form that browsers expect: those that work, or the disabled ones too. */
export async function credentialsOf(db: ReadDoor, userId: string, which: 'working' | 'all') {
  const all = db
    .selectFrom('passkeys')
    .select(['credential_id as credentialId', 'transports'])
    .where('user_id', '=', userId)
    .orderBy('id');
  const rows = await (which === 'all' ? all : all.where('disabled_at', 'is', null)).execute();
  return rows.map(({ credentialId, transports }) => ({ id: credentialId, type: 'public-key' as const, transports }));
}
