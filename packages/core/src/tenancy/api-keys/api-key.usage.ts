import { sql } from 'kysely';
import type { ServiceContext } from '../../database/context.ts';
import type { Database } from '../../database/database.ts';
import { writeThroughIdentityDoor } from '../../database/identity-door.ts';
import { onePer } from '../../kernel/per.ts';

/** The shortest time between two writes of one key's last use. */
const everyMs = 60_000;

interface Uses {
  /** Uses that are still to be written, by the id of the key. */
  waiting: Map<string, { organizationId: string; at: Date }>;
  /** The use of each key that this process wrote last, in milliseconds since the epoch. */
  written: Map<string, number>;
}

const usesOf = onePer<Database, Uses>(() => ({ waiting: new Map(), written: new Map() }));

/** Notes that a key was used, unless a use within the last minute is already written. No request waits for the write. */
export function noteUse(
  database: Database,
  key: { id: string; organizationId: string; lastUsedAt: number | null },
  at: Date,
): void {
  const { waiting, written } = usesOf(database);
  const last = Math.max(key.lastUsedAt ?? 0, written.get(key.id) ?? 0);
  if (at.getTime() - last >= everyMs) waiting.set(key.id, { organizationId: key.organizationId, at });
}

/** Writes the noted uses in one transaction. When it fails, they are kept for the next call. */
export async function writeApiKeyUses(ctx: ServiceContext): Promise<void> {
  const uses = usesOf(ctx.database);
  const batch = uses.waiting;
  if (batch.size === 0) return;
  uses.waiting = new Map();
  try {
    await writeThroughIdentityDoor(ctx, async (unit) => {
      for (const [id, { organizationId, at }] of batch)
        await unit.db
          .updateTable('api_keys')
          .set({ last_used_at: at })
          .where('organization_id', '=', organizationId)
          .where('id', '=', id)
          // Another process may have written a later use.
          .where(sql<boolean>`(last_used_at is null or last_used_at < ${at})`)
          .execute();
    });
  } catch (error) {
    uses.waiting = new Map([...batch, ...uses.waiting]);
    throw error;
  }
  const now = ctx.clock.now().getTime();
  for (const [id, at] of uses.written) if (now - at >= everyMs) uses.written.delete(id);
  for (const [id, { at }] of batch) uses.written.set(id, at.getTime());
}
