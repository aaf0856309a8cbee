import { seesAll } from '../access/index.ts';
import { readSealed, sealedPage, type SentEvent, visibleEvents } from '../activity/index.ts';
import type { ServiceContext } from '../database/context.ts';
import type { Principal } from '../kernel/principal.ts';
import { projectsOfTasks, sightLost } from '../work/index.ts';
import { liveErrors } from './live.errors.ts';
import { jsonOf, mostWaiting, type Subscription } from './subscription.ts';

/** Makes a principal with `event:read` see the events that `activity:read` would show them. */
const asReader = <Reader extends Principal>(principal: Reader): Reader => ({
  ...principal,
  grants: principal.grants
    .filter(({ permissions }) => permissions.has('event:read'))
    .map((grant) => ({ ...grant, permissions: new Set([...grant.permissions, 'activity:read']) })),
});

/** Readers with the same key see the same events. */
const readerKey = ({ principal: { userId, apiKeyId } }: Subscription): string => `${userId} ${apiKeyId ?? ''}`;

const idOf = (value: unknown): string[] => (typeof value === 'string' ? [value] : []);

/** The projects that each event is about: where its entity is now, and from where and to where the event moved it. */
async function projectsOf(
  ctx: ServiceContext,
  organizationId: string,
  events: readonly SentEvent[],
): Promise<ReadonlyMap<SentEvent, ReadonlySet<string>>> {
  const named = (type: string, { entity, parent }: SentEvent) =>
    [entity, parent].flatMap((one) => (one?.type === type ? [one.id] : []));
  const projects = await projectsOfTasks(
    ctx.database,
    organizationId,
    events.flatMap((event) => named('task', event)),
  );
  return new Map(
    events.map((event) => {
      const moved = event.changes['projectId'];
      const present = named('task', event).flatMap((id) => projects.get(id) ?? []);
      return [event, new Set([...named('project', event), ...present, ...idOf(moved?.from), ...idOf(moved?.to)])];
    }),
  );
}

/** Divides events into parts that fit into the queue of a reader with room. */
function* partsOf(events: readonly SentEvent[]): Generator<readonly SentEvent[]> {
  let part: SentEvent[] = [];
  let size = 0;
  for (const event of events) {
    const { length } = jsonOf(event);
    if (part.length > 0 && size + length > mostWaiting / 2) {
      yield part;
      part = [];
      size = 0;
    }
    part.push(event);
    size += length;
  }
  if (part.length > 0) yield part;
}

const noProjects: ReadonlySet<string> = new Set();

/** The readers of one organization in this process. The channel reads each new event once for all of them. */
export class Channel {
  readonly subscriptions = new Set<Subscription>();
  readonly #ctx: ServiceContext;
  readonly #organizationId: string;
  /** The readers who have everything up to the head. The others read the missing events themselves. */
  readonly #live = new Set<Subscription>();
  #head: number;
  #reading = false;
  #again = false;

  /** @param head the sequence after which events are sent */
  constructor(ctx: ServiceContext, organizationId: string, head: number) {
    this.#ctx = ctx;
    this.#organizationId = organizationId;
    this.#head = head;
  }

  get head(): number {
    return this.#head;
  }

  /** Sends a reader the events after their position, and then every new one. */
  async follow(subscription: Subscription): Promise<void> {
    try {
      while (subscription.position < this.#head) {
        const events = await readSealed(this.#ctx.database, this.#organizationId, subscription.position);
        if (events.length === 0) subscription.position = this.#head;
        for (const part of partsOf(events)) {
          await subscription.room();
          if (subscription.ended.aborted) return;
          await this.#show(part, [subscription]);
        }
      }
      // Do not wait between the last check of the head and this line, so that no event comes in between.
      if (!subscription.ended.aborted) this.#live.add(subscription);
    } catch (error) {
      subscription.end(liveErrors.stream_interrupted({ cause: error }));
    }
  }

  remove(subscription: Subscription): void {
    this.subscriptions.delete(subscription);
    this.#live.delete(subscription);
  }

  /** Reads the events that were sealed since the last call, and sends them. @throws when it cannot read; the next call continues */
  async pump(): Promise<void> {
    this.#again = true;
    if (this.#reading) return;
    this.#reading = true;
    try {
      while (this.#again) {
        this.#again = false;
        const events = await readSealed(this.#ctx.database, this.#organizationId, this.#head);
        this.#again ||= events.length === sealedPage;
        const readers = [...this.#live];
        this.#head = events.at(-1)?.sequence ?? this.#head;
        await this.#show(events, readers);
      }
    } finally {
      this.#reading = false;
    }
  }

  /** Sends each reader the events that they want and see. When that fails, the streams of these readers end, and they must reconnect. */
  async #show(events: readonly SentEvent[], readers: readonly Subscription[]): Promise<void> {
    await Promise.all(readers.map((reader) => reader.checked()));
    const groups = [...Map.groupBy(readers, readerKey).values()];
    const ofProjects = readers.some(({ filter }) => filter.projectId !== null);
    try {
      const projects = ofProjects ? await projectsOf(this.#ctx, this.#organizationId, events) : null;
      await Promise.all(groups.map((group) => this.#showAlike(events, group, (event) => projects?.get(event))));
    } catch (error) {
      for (const reader of readers) reader.end(liveErrors.stream_interrupted({ cause: error }));
    }
  }

  /** @param readers the streams of one reader, which see the same */
  async #showAlike(
    events: readonly SentEvent[],
    readers: readonly Subscription[],
    projectsOfEvent: (event: SentEvent) => ReadonlySet<string> | undefined,
  ): Promise<void> {
    const wants = (reader: Subscription, event: SentEvent) => reader.wants(event, projectsOfEvent(event) ?? noProjects);
    const wanted = events.filter((event) => readers.some((reader) => wants(reader, event)));
    const send = await this.#sight(readers, wanted);
    for (const reader of readers) {
      for (const event of wanted) if (event.sequence > reader.position && wants(reader, event)) send(reader, event);
      reader.position = Math.max(reader.position, events.at(-1)?.sequence ?? 0);
    }
  }

  /** Finds out which events the readers see, and how to send one. Needs no query for a reader who sees everything. */
  async #sight(
    readers: readonly Subscription[],
    events: readonly SentEvent[],
  ): Promise<(reader: Subscription, event: SentEvent) => void> {
    const [first] = readers;
    if (!first || events.length === 0) return () => {};
    const principal = asReader({ ...first.principal, organizationId: this.#organizationId });
    if (seesAll(principal, 'activity:read')) return (reader, event) => reader.push({ kind: 'event', event });
    const ids = events.map(({ id }) => id);
    const visible = await visibleEvents({ ...this.#ctx, principal }, ids);
    const hidden = events.filter(({ id }) => !visible.has(id));
    const lost = await sightLost(this.#ctx.database, principal, hidden);
    return (reader, event) => {
      if (visible.has(event.id)) reader.show(event);
      else reader.hide(event, lost.has(event.id));
    };
  }
}
