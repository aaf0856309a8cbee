import { DomainError } from '@tenon/core';
import type { Logger } from 'pino';

/** How often it asks whether the database is back, in milliseconds. */
const askEveryMs = 1000;

/**
 * After how many milliseconds it asks a second time, when the database answers after a first sign. A database that stops ends one connection
 * after another, so it may still answer on some of them.
 */
const confirmAfterMs = 250;

interface OutageParts {
  logger: Logger;
  /** Rejects while the database cannot be reached. */
  ping: () => Promise<void>;
}

/** An error and what caused it, the outermost first. */
function causesOf(error: unknown): Error[] {
  const causes: Error[] = [];
  for (let at = error; at instanceof Error && causes.length < 5; at = at.cause) causes.push(at);
  return causes;
}

/** What the driver or the system said. */
const reasonOf = (sign: unknown): string => causesOf(sign).at(-1)?.message ?? String(sign);

/**
 * Says once that the database cannot be reached, and once that it is back. Everything that fails in between for the same reason is counted
 * instead of logged: each request, job and stream would log a stack several times a second.
 */
export class Outage {
  #parts: OutageParts | null = null;
  #current: { since: number; reason: string; failures: number; isSaid: boolean } | null = null;
  #timer: NodeJS.Timeout | undefined;

  /** Begins to keep failures out of the log. Before that, `absorbs` and `notice` answer false. */
  watch(parts: OutageParts): void {
    this.#parts = parts;
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#parts = null;
  }

  /** Whether the database is believed to be away. */
  get isOn(): boolean {
    return this.#current !== null;
  }

  /** For each line of the log: whether its error is part of an outage, so that the line is left out. */
  absorbs(facts: unknown): boolean {
    if (this.#parts === null || typeof facts !== 'object' || facts === null || !('err' in facts)) return false;
    const isSign = causesOf(facts.err).some(
      (error) =>
        error instanceof DomainError &&
        // Connections that cannot be opened are missing to others.
        (error.code === 'database_unavailable' || (this.isOn && error.code === 'database_busy')),
    );
    return isSign && this.notice(facts.err);
  }

  /** Counts a sign that the database is away. Answers false when nobody watches, so that the caller logs it. */
  notice(sign: unknown): boolean {
    if (this.#parts === null) return false;
    if (this.#current === null) {
      this.#current = { since: performance.now(), reason: reasonOf(sign), failures: 0, isSaid: false };
      void this.#ask();
    }
    this.#current.failures++;
    return true;
  }

  /** @param hasAnswered whether the database has answered since the first sign */
  async #ask(hasAnswered = false): Promise<void> {
    const isBack = await this.#parts?.ping().then(
      () => true,
      () => false,
    );
    if (this.#parts === null || this.#current === null) return;
    const { logger } = this.#parts;
    const { since, reason, failures, isSaid } = this.#current;
    if (!isBack) {
      if (!isSaid) logger.error({ reason }, 'the database cannot be reached');
      this.#current.isSaid = true;
      this.#timer = setTimeout(() => void this.#ask(), askEveryMs).unref();
      return;
    }
    if (!isSaid && !hasAnswered) {
      this.#timer = setTimeout(() => void this.#ask(true), confirmAfterMs).unref();
      return;
    }
    this.#current = null;
    const seconds = Math.round((performance.now() - since) / 100) / 10;
    if (isSaid) logger.info({ failures, seconds }, 'the database can be reached again');
    else logger.warn({ failures, reason }, 'a connection to the database was lost');
  }
}
