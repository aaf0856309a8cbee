import { sql } from 'kysely';
import { statement } from '../database/statement.ts';
import { writeThroughSystemDoor } from '../database/system-door.ts';
import type { JobHandler } from '../jobs/index.ts';
import { nilId } from '../kernel/ids.ts';
import type { Logger } from '../kernel/logger.ts';
import { auditEvents } from './audit.events.ts';
import { recordEvents } from './record.ts';

/** How many organizations one transaction publishes. */
const batch = 500;

const nextHeads = statement((db, { after }: { after: string }) =>
  db
    .selectFrom(
      db
        .selectFrom('organizations')
        .select('organizations.id')
        .where('organizations.id', '>', after)
        .where('organizations.deleted_at', 'is', null)
        .orderBy('organizations.id')
        .limit(sql.lit(batch))
        .as('some'),
    )
    .leftJoin('event_seals', (join) =>
      join.onRef('event_seals.organization_id', '=', 'some.id').on((on) =>
        on(
          'event_seals.sequence',
          '=',
          on
            .selectFrom('event_seals as seal')
            .whereRef('seal.organization_id', '=', 'some.id')
            .select(({ fn }) => fn.max('seal.sequence').as('last')),
        ),
      ),
    )
    .leftJoin('events', 'events.id', 'event_seals.event_id')
    .select(['some.id', 'event_seals.sequence', 'event_seals.hash', 'events.type'])
    .orderBy('some.id'),
);

/**
 * Publishes the end of each audit trail that has grown: in an event, and in the log, where nobody who alters the database reaches it. A
 * trail that has grown by the last publication alone is left out.
 */
export const publishHeads =
  (logger: Logger): JobHandler =>
  async (ctx, _payload, job) => {
    let published = 0;
    for (let after = nilId; ;) {
      job.signal.throwIfAborted();
      const rows = await job.read((db) => db.run(nextHeads, { after }));
      const heads = rows.flatMap(({ id, sequence, hash, type }) =>
        sequence === null || hash === null || type === auditEvents.head_published.type ? [] : [{ id, sequence, hash }],
      );
      const events = heads.map(({ id, sequence, hash }) =>
        auditEvents.head_published.about(id, { organizationId: id, data: { sequence, hash } }),
      );
      await writeThroughSystemDoor(ctx, (unit) => recordEvents(unit, ...events));
      for (const { id, ...head } of heads) logger.info({ organization: id, ...head }, 'head of an audit trail');
      published += heads.length;
      after = rows.at(-1)?.id ?? after;
      if (rows.length < batch) return { published };
    }
  };
