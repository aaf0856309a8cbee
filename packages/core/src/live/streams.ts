import { requirePermission } from '../access/index.ts';
import { onSealed, sealedChannel, sealedHead, sealedHeads, typesNamed } from '../activity/index.ts';
import type { ServiceContext } from '../database/context.ts';
import type { Database } from '../database/database.ts';
import { errors } from '../kernel/errors.ts';
import { type Logger, silentLogger } from '../kernel/logger.ts';
import { onePer } from '../kernel/per.ts';
import type { Principal } from '../kernel/principal.ts';
import { onTold, readPushed, type Told } from '../notifications/index.ts';
import { Channel } from './channel.ts';
import { liveErrors } from './live.errors.ts';
import type { SubscribeInput } from './live.schema.ts';
import { type Check, type EventStream, Subscription } from './subscription.ts';

/** How often to look in the log for events without a signal, in milliseconds. */
const lookEveryMs = 1000;

/** How often to check some of the readers, in milliseconds. Checking all of them at once would delay events. */
const checkEveryMs = 100;

/** The share of readers that is checked at once. All have been checked before the first of them is due again. */
const checkedShare = 1 / 8;

/**
 * How old a check of a reader may get before it is repeated, in milliseconds. The checked data may be 3 seconds old itself, so a reader who
 * may no longer read is cut off after at most 5 seconds.
 */
const checkAfterMs = 1000;

/** How long a refused client should wait, in seconds. */
const retryAfter = 10;

const usualLimits = { perUser: 20, perOrganization: 500 };

/** All streams of a process, for one database. */
class Streams {
  logger: Logger = silentLogger;
  readonly #channels = new Map<string, Channel>();
  readonly #byUser = new Map<string, Set<Subscription>>();
  #looking = false;
  #rest: (() => void) | null = null;
  #stopped = false;

  /** @throws `rate_limited`, `server_stopping`, `validation_failed` when the stream would start beyond the newest event */
  async open(
    ctx: ServiceContext,
    principal: Principal & { organizationId: string },
    { types, entityId, projectId, after, lastEventId }: SubscribeInput,
    check: Check,
  ): Promise<EventStream> {
    const { organizationId } = principal;
    const named = types ? typesNamed(types) : null;
    const subscription = new Subscription({
      principal,
      filter: { types: named && new Set(named), entityId: entityId ?? null, projectId: projectId ?? null },
      check,
      onEnd: () => this.#remove(organizationId, subscription),
    });
    const channel = await this.#admit({ ...ctx, principal: null }, organizationId, subscription);
    try {
      const head = await sealedHead(ctx.database, organizationId);
      const from = lastEventId === undefined ? (after ?? head) : Number(lastEventId);
      if (from > head) {
        const field = [lastEventId === undefined ? 'after' : 'lastEventId'];
        throw errors.validation_failed({ field, message: 'Must not be beyond the newest event.' });
      }
      subscription.position = from;
      subscription.push({ kind: 'ready', sequence: from });
      void channel.follow(subscription);
      this.#pump(organizationId, head);
      return subscription;
    } catch (error) {
      subscription.close();
      throw error;
    }
  }

  /** Ends all streams, and refuses new ones. */
  stop(): void {
    this.#stopped = true;
    for (const { subscriptions } of this.#channels.values())
      for (const subscription of subscriptions) subscription.end(liveErrors.server_stopping());
  }

  async #admit(ctx: ServiceContext, organizationId: string, subscription: Subscription): Promise<Channel> {
    const { userId } = subscription.principal;
    const { streamsPerUser = usualLimits.perUser, streamsPerOrganization = usualLimits.perOrganization } = ctx.settings;
    // A channel starts at the newest event. A reader who starts earlier reads the older events separately.
    const known = this.#channels.get(organizationId);
    const begun = known ?? new Channel(ctx, organizationId, await sealedHead(ctx.database, organizationId));
    // Another reader may have opened the channel meanwhile.
    const channel = this.#channels.get(organizationId) ?? begun;
    if (this.#stopped) throw liveErrors.server_stopping({ retryAfter: 1 });
    const own = this.#byUser.get(userId) ?? new Set();
    if (own.size >= streamsPerUser)
      throw errors.rate_limited({ message: `You have ${own.size} open streams. Close one of them.`, retryAfter });
    if (channel.subscriptions.size >= streamsPerOrganization)
      throw errors.rate_limited({ message: 'The organization has as many open streams as it may have.', retryAfter });
    this.#channels.set(organizationId, channel);
    this.#byUser.set(userId, own.add(subscription));
    channel.subscriptions.add(subscription);
    this.#start(ctx);
    return channel;
  }

  #remove(organizationId: string, subscription: Subscription): void {
    const { userId } = subscription.principal;
    const own = this.#byUser.get(userId);
    own?.delete(subscription);
    if (own?.size === 0) this.#byUser.delete(userId);
    const channel = this.#channels.get(organizationId);
    channel?.remove(subscription);
    if (channel?.subscriptions.size === 0) this.#channels.delete(organizationId);
    if (this.#channels.size === 0) this.#rest?.();
  }

  /** Listens until there are no more readers. */
  #start(ctx: ServiceContext): void {
    if (this.#rest) return;
    const check = setInterval(() => this.#checkSome(), checkEveryMs).unref();
    const look = setInterval(() => void this.#lookAround(ctx), lookEveryMs).unref();
    const stops = [
      onSealed(ctx.database, (organizationId, sequence) => this.#pump(organizationId, sequence)),
      ctx.database.engine.listen(sealedChannel, (payload) => {
        const [organizationId = '', sequence] = payload.split(' ');
        this.#pump(organizationId, Number(sequence));
      }),
      onTold(ctx.database, (told) => void this.#tell(ctx, told)),
    ];
    this.#rest = () => {
      clearInterval(check);
      clearInterval(look);
      for (const stop of stops) stop();
      this.#rest = null;
    };
  }

  /** Sends the events of an organization up to a sequence, unless they were already sent. */
  #pump(organizationId: string, sequence: number): void {
    const channel = this.#channels.get(organizationId);
    if (!channel || channel.head >= sequence) return;
    channel
      .pump()
      // The next look tries again.
      .catch((error: unknown) => this.logger.warn({ err: error, organizationId }, 'streams cannot read new events'));
  }

  get #all(): Subscription[] {
    return [...this.#channels.values()].flatMap(({ subscriptions }) => [...subscriptions]);
  }

  #checkSome(): void {
    const now = performance.now();
    const all = this.#all;
    const due = all.filter((subscription) => !subscription.isChecked(now, checkAfterMs));
    for (const subscription of due.slice(0, Math.ceil(all.length * checkedShare)))
      void subscription.checked(now, checkAfterMs);
  }

  async #lookAround({ database }: ServiceContext): Promise<void> {
    if (this.#looking) return;
    this.#looking = true;
    try {
      const now = performance.now();
      for (const subscription of this.#all) subscription.endIfStalled(now);
      const heads = await sealedHeads(database, [...this.#channels.keys()]);
      for (const [id, head] of heads) this.#pump(id, head);
    } catch (error) {
      this.logger.warn({ err: error }, 'streams cannot look for new events');
    } finally {
      this.#looking = false;
    }
  }

  /** Sends people their new notifications. They go to the streams of signed-in people, and not to those of API keys. */
  async #tell(ctx: ServiceContext, { userId, ids }: Told): Promise<void> {
    const readers = [...(this.#byUser.get(userId) ?? [])].filter(({ principal }) => principal.sessionId !== null);
    if (readers.length === 0) return;
    try {
      for (const notification of await readPushed(ctx, userId, ids))
        for (const reader of readers) {
          const { limited = false, organizationId } = reader.principal;
          if (!limited || organizationId === notification.organization.id)
            reader.push({ kind: 'notification', notification });
        }
    } catch (error) {
      this.logger.warn({ err: error }, 'notifications cannot be sent to streams');
    }
  }
}

const streamsOf = onePer<Database, Streams>(() => new Streams());

/**
 * Streams the events of the caller's organization, and the caller's notifications (F2, D10). The first frame says where the stream starts.
 * @param check answers the current principal of the caller, and throws when they may no longer read
 * @throws `permission_denied`, `rate_limited`, `server_stopping`, `validation_failed`
 */
export async function subscribe(ctx: ServiceContext, input: SubscribeInput, check: Check): Promise<EventStream> {
  requirePermission(ctx, 'event:read');
  return streamsOf(ctx.database).open(ctx, ctx.principal, input, check);
}

/** Sets the logger for failures of the streams of a database. */
export function logStreams(database: Database, logger: Logger): void {
  streamsOf(database).logger = logger;
}

/** Ends the streams of a database in this process, and refuses new ones. The last frame tells readers to reconnect. */
export const stopStreams = (database: Database): void => streamsOf(database).stop();
