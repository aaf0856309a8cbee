import { sql } from 'kysely';
import { statement } from '../database/statement.ts';
import { writeThroughSystemDoor } from '../database/system-door.ts';
import { asId } from '../database/typed-value.ts';
import type { JobHandler } from '../jobs/index.ts';
import { nilId } from '../kernel/ids.ts';
import type { Logger } from '../kernel/logger.ts';
import { auditEvents } from './audit.events.ts';
import { recordEvents } from './record.ts';

/** How many organizations one transaction publishes. */
const batch = 500;

interface Head {
  id: string;
  sequence: number | null;
  hash: string | null;
  type: string | null;
}

/** The last seals of the next organizations. */
const nextHeads = statement<{ after: string }, Head>((db, { after }) => {
  const last = sql`from event_seals as seal left join events on events.id = seal.event_id
    where seal.organization_id = page.id order by seal.sequence desc limit 1`;
  const query = sql<Head>`select page.id, (select seal.sequence ${last}) as sequence, (select seal.hash ${last}) as hash,
      (select events.type ${last}) as type
    from (
      select id from organizations where id > ${asId(after)} and deleted_at is null order by id limit ${sql.lit(batch)}
    ) as page order by page.id`;
  return { compile: () => query.compile(db) };
});

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
