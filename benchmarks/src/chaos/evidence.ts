import { setTimeout as delay } from 'node:timers/promises';
import { openRows } from '../rows.ts';

/** How long it asks a database that cannot be reached, in milliseconds. */
const patienceMs = 60_000;

interface Seal {
  organizationId: string;
  sequence: number;
  /** Of the event. */
  id: string;
}

/** What the database itself says, read by its owner and not through the server. */
export class Evidence {
  readonly #url: string;
  /** Every claim of a delivery that was open when something was killed, and its event. */
  readonly #openClaims = new Map<string, string>();

  constructor(ownerUrl: string) {
    this.#url = ownerUrl;
  }

  /** Asks again while the database cannot be reached. */
  async all<Row extends object>(sql: string): Promise<Row[]> {
    for (const began = performance.now(); ;)
      try {
        const rows = await openRows(this.#url);
        try {
          return await rows.all<Row>(sql);
        } finally {
          await rows.close();
        }
      } catch (error) {
        if (performance.now() - began > patienceMs) throw error;
        await delay(250);
      }
  }

  /** The sealed events of each organization, in the order of their sequences. */
  async seals(): Promise<ReadonlyMap<string, Seal[]>> {
    const seals = await this.all<Seal>(
      `select organization_id as "organizationId", sequence, event_id as id
       from event_seals order by organization_id, sequence`,
    );
    return Map.groupBy(seals, ({ organizationId }) => organizationId);
  }

  /** Notes the deliveries in flight. Those of a process that was killed are sent again. */
  async noteInFlight(): Promise<void> {
    const open = await this.all<{ id: string; claims: number }>(
      `select event_id as id, claims from webhook_deliveries where status = 'pending' and claims > failures`,
    );
    for (const { id, claims } of open) this.#openClaims.set(`${id} ${claims}`, id);
  }

  /** How often each event was in flight when something was killed, by its id. */
  inFlight(): ReadonlyMap<string, number> {
    const claims = Map.groupBy(this.#openClaims.values(), (id) => id);
    return new Map([...claims].map(([id, { length }]) => [id, length]));
  }

  /** What is still to be done, such as `3 jobs`. A job that is planned for later is left out until a server has tried it. */
  async waiting(): Promise<string[]> {
    const events = await this.all(
      `select id from events where organization_id is not null and id not in (select event_id from event_seals)`,
    );
    const deliveries = await this.all(`select id from webhook_deliveries where status = 'pending'`);
    const jobs = await this.all<{ runAt: number | Date; attempts: number }>(
      `select run_at as "runAt", attempts from jobs where status = 'waiting'`,
    );
    const due = jobs.filter(({ runAt, attempts }) => attempts > 0 || new Date(runAt).getTime() <= Date.now());
    return Object.entries({ events, deliveries, jobs: due })
      .filter(([, { length }]) => length > 0)
      .map(([name, { length }]) => `${length} ${name}`);
  }
}
