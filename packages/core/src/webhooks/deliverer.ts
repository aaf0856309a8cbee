import type { ServiceContext } from '../database/context.ts';
import { wait } from '../kernel/alarm.ts';
import { nilId } from '../kernel/ids.ts';
import type { Logger } from '../kernel/logger.ts';
import { Polling } from '../kernel/polling.ts';
import { attemptDelivery, readTargets, type Settled, settle } from './delivery.attempt.ts';
import { claimDeliveries, type ClaimedDelivery, findDue, type Wanted } from './delivery.queue.ts';
import type { Sender } from './delivery.send.ts';
import { onDeliveries } from './wake.ts';

export interface DelivererOptions {
  context: () => ServiceContext;
  logger: Logger;
  /** Makes the sender at the first delivery. Its modules take memory that most installations do not need. */
  sender: () => Promise<Sender>;
  /** How many deliveries this process sends at the same time. @default 64 */
  concurrency?: number;
  /** How many deliveries of one webhook it sends at the same time. @default 4 */
  perWebhook?: number;
  /** How long a claim lasts. It must be longer than an attempt. @default 60000 */
  leaseMs?: number;
  /** How often it looks for retries that are due, and for deliveries of other processes. @default 1000 */
  pollMs?: number;
}

/**
 * Sends the deliveries of webhooks. It sends several of each webhook at the same time, but only one of a failing webhook, so a receiver
 * that does not answer delays no other receiver. Failing webhooks take at most half of all places.
 */
export class Deliverer {
  readonly #options: Required<DelivererOptions>;
  readonly #ctx: ServiceContext;
  readonly #polling: Polling;
  /** The number of deliveries of each webhook that are being sent. */
  readonly #running = new Map<string, number>();
  readonly #finished = new Set<Promise<void>>();
  #settled: { settled: Settled; done: () => void }[] = [];
  #settling: Promise<void> | null = null;
  #sender: Promise<Sender> | null = null;
  /** The webhook that was served last. The next search starts after it. */
  #last = nilId;

  constructor(options: DelivererOptions) {
    this.#options = { concurrency: 64, perWebhook: 4, leaseMs: 60_000, pollMs: 1000, ...options };
    this.#ctx = options.context();
    this.#polling = new Polling({
      look: () => this.#look(),
      everyMs: this.#options.pollMs,
      subscribe: (ring) => onDeliveries(this.#ctx.database, ring),
      logger: options.logger,
      lines: { fails: 'deliveries of webhooks cannot be read', works: 'deliveries of webhooks work again' },
    });
  }

  /** Starts to look for deliveries. Further calls do nothing. */
  start(): void {
    this.#polling.start();
  }

  /**
   * Stops claiming deliveries, and waits for those that are being sent. Deliveries that are not done after `graceMs` are sent again later.
   */
  async stop(graceMs = 20_000): Promise<void> {
    await this.#polling.stop();
    const timeout = new AbortController();
    await Promise.race([this.#idle(), wait(graceMs, timeout.signal)]);
    timeout.abort();
    await (await this.#sender)?.close();
    this.#sender = null;
  }

  /** Sends due deliveries until none is left. Answers the number of attempts. For tests and command lines. */
  async runDue(): Promise<number> {
    for (let count = 0; ;) {
      const claimed = await this.#claim();
      if (claimed.length === 0 && this.#finished.size === 0) return count;
      count += claimed.length;
      await this.#launch(claimed);
      await this.#idle();
    }
  }

  async #idle(): Promise<void> {
    while (this.#finished.size > 0) await Promise.all(this.#finished);
  }

  async #look(): Promise<number> {
    const claimed = await this.#claim();
    await this.#launch(claimed);
    return claimed.length;
  }

  async #claim(): Promise<ClaimedDelivery[]> {
    const { concurrency, perWebhook, leaseMs } = this.#options;
    let free = concurrency - this.#finished.size;
    if (free <= 0) return [];
    let freeForFailing = free - concurrency / 2;
    const wanted: Wanted[] = [];
    for (const { failingSince, ...webhook } of await findDue(this.#ctx, this.#last)) {
      const most = failingSince === null ? perWebhook : Math.min(1, freeForFailing);
      const limit = Math.min(free, most - (this.#running.get(webhook.webhookId) ?? 0));
      if (limit <= 0) continue;
      wanted.push({ ...webhook, limit });
      free -= limit;
      if (failingSince !== null) freeForFailing -= limit;
      if (free <= 0) break;
    }
    // After `stop`, leave the deliveries that this look has found to other servers.
    if (wanted.length === 0 || this.#polling.isStopping) return [];
    this.#last = wanted.at(-1)?.webhookId ?? nilId;
    return claimDeliveries(this.#ctx, wanted, leaseMs);
  }

  async #launch(claimed: readonly ClaimedDelivery[]): Promise<void> {
    if (claimed.length === 0) return;
    const sender = await (this.#sender ??= this.#options.sender());
    const targets = await readTargets(this.#ctx, claimed);
    for (const delivery of claimed) {
      const { webhookId } = delivery;
      this.#running.set(webhookId, (this.#running.get(webhookId) ?? 0) + 1);
      const finished = attemptDelivery(this.#ctx, delivery, targets, sender)
        .then((settled) => this.#settle(settled))
        .catch((error: unknown) => {
          // The claim ends, and it is sent again.
          this.#options.logger.error({ err: error, delivery: delivery.id }, 'delivery could not be settled');
        })
        .finally(() => {
          const running = (this.#running.get(webhookId) ?? 1) - 1;
          if (running === 0) this.#running.delete(webhookId);
          else this.#running.set(webhookId, running);
          this.#finished.delete(finished);
          this.#polling.ring();
        });
      this.#finished.add(finished);
    }
  }

  /** Records the results of attempts. Results that arrive while others are being recorded share a transaction. */
  async #settle(settled: Settled): Promise<void> {
    const recorded = new Promise<void>((done) => this.#settled.push({ settled, done }));
    this.#settling ??= this.#settleAll();
    await this.#settling;
    await recorded;
  }

  async #settleAll(): Promise<void> {
    try {
      while (this.#settled.length > 0) {
        const some = this.#settled.splice(0);
        await settle(
          this.#ctx,
          some.map(({ settled }) => settled),
        );
        for (const { done } of some) done();
      }
    } finally {
      this.#settling = null;
    }
  }
}
