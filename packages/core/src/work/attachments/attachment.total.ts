import { sql, type SqlBool } from 'kysely';
import { current, statement } from '../../database/statement.ts';
import type { Unit } from '../../database/unit-of-work.ts';
import { errors } from '../../kernel/errors.ts';
import { limitOf, readLimit } from '../../tenancy/index.ts';

/*
 * How many bytes the attachments of an organization may take. They are counted in one row, in the transaction that adds one. So two
 * uploads at the same time cannot pass the limit together. The row stays locked until commit, so it is written last.
 */

const take = statement((db, { size }: { size: number }) => {
  const max = db
    .selectFrom('organizations')
    .select(limitOf('attachmentBytes').as('max'))
    .where('id', '=', current.organization);
  return db
    .insertInto('attachment_totals')
    .values({ organization_id: current.organization, bytes: size })
    .onConflict((conflict) =>
      conflict
        .column('organization_id')
        .doUpdateSet({ bytes: sql<number>`attachment_totals.bytes + ${size}` })
        .where(sql<SqlBool>`attachment_totals.bytes + ${size} <= (${max})`),
    )
    .returning('bytes');
});

const gigabyte = 1024 ** 3;

/**
 * Takes the bytes of a new attachment.
 * @throws `limit_exceeded`
 */
export async function takeBytes(unit: Unit, size: number): Promise<void> {
  const taken = await unit.db.run(take, { size });
  if (taken.length > 0) return;
  const limit = 'attachmentBytes';
  const max = await readLimit(unit.db, unit.owner.organizationId, limit);
  const message = `The attachments of the organization may take ${max / gigabyte} GB together, and no more.`;
  throw errors.limit_exceeded({ limit, max, message });
}
