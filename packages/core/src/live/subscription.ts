import type { SentEvent } from '../activity/index.ts';
import { DomainError, errors } from '../kernel/errors.ts';
import type { Principal } from '../kernel/principal.ts';
import { liveErrors } from './live.errors.ts';
import type { StreamFrame } from './live.schema.ts';

/** One item of a stream. The last frame says why the stream ends. */
export type Frame =
  | StreamFrame
  | {
      kind: 'closed';
      error: DomainError;
      /** Whether the same reader may continue with another stream. */
      resumable: boolean;
    };

/** A stream, as the code that sends it to the client sees it. */
export interface EventStream {
  /** Everything up to this sequence was taken, or is not for this reader. It is exact only while no frame waits. */
  readonly position: number;
  /** Aborted when the last frame is in the queue. */
  readonly ended: AbortSignal;
  /**
   * Takes the next frame. Answers null after the last one.
   * @param idleMs after this time without a frame it answers `idle`. @default never
   */
  next(idleMs?: number): Promise<Frame | 'idle' | null>;
  /** Ends the stream because its reader has gone. */
  close(): void;
}

/** The events that a reader wants. */
export interface Filter {
  /** Null is all types. */
  readonly types: ReadonlySet<string> | null;
  readonly entityId: string | null;
  readonly projectId: string | null;
}

/** Answers the current principal of the reader. @throws when they may no longer read */
export type Check = () => Promise<Principal>;

/** How many entities a stream remembers after it has sent events about them. */
const mostShown = 1000;

/** How many characters may wait for a reader. A reader with more is too slow. */
export const mostWaiting = 1_000_000;

/** How long a frame may wait for a reader, in milliseconds. */
const longestWait = 30_000;

/** How old the last check of a reader may be when an event is sent to them, in milliseconds. */
const checkedWithin = 3000;

/** How long a stream continues while its reader cannot be checked, in milliseconds. */
const uncheckedAtMost = 4500;

const jsons = new WeakMap<object, string>();

/** The JSON of an event or a notification, which is the same for all readers. */
export function jsonOf(data: object): string {
  const known = jsons.get(data);
  if (known !== undefined) return known;
  const json = JSON.stringify(data);
  jsons.set(data, json);
  return json;
}

function sizeOf(frame: Frame): number {
  if (frame.kind === 'event') return jsonOf(frame.event).length;
  return frame.kind === 'notification' ? jsonOf(frame.notification).length : 100;
}

/** Whether an error says that the reader may not read, and not that the check itself failed. */
const isRefusal = (error: unknown): error is DomainError =>
  error instanceof DomainError && error.kind !== 'internal' && error.kind !== 'unavailable';

interface SubscriptionParts {
  principal: Principal;
  filter: Filter;
  check: Check;
  onEnd: (subscription: Subscription) => void;
}

/** One reader, with a queue of frames. */
export class Subscription implements EventStream {
  readonly filter: Filter;
  position = 0;
  readonly #check: Check;
  readonly #onEnd: SubscriptionParts['onEnd'];
  readonly #ended = new AbortController();
  #principal: Principal;
  #checkedAt = performance.now();
  #checking: Promise<void> | null = null;
  #queue: { frame: Frame; size: number }[] = [];
  #waiting = 0;
  #takenAt = performance.now();
  /** The entities that the reader got events about, the oldest first. Kept only for a reader who may lose sight of something. */
  readonly #shown = new Map<string, SentEvent['entity']>();
  #wakeReader: (() => void) | null = null;
  #wakeWriter: (() => void) | null = null;

  constructor({ principal, filter, check, onEnd }: SubscriptionParts) {
    this.#principal = principal;
    this.filter = filter;
    this.#check = check;
    this.#onEnd = onEnd;
  }

  get principal(): Principal {
    return this.#principal;
  }

  get ended(): AbortSignal {
    return this.#ended.signal;
  }

  push(frame: Frame): void {
    if (this.ended.aborted) return;
    const size = sizeOf(frame);
    if (this.#queue.length === 0) this.#takenAt = performance.now();
    this.#queue.push({ frame, size });
    this.#waiting += size;
    if (this.#waiting > mostWaiting) this.end(liveErrors.stream_too_slow());
    else this.#wakeReader?.();
  }

  /** Sends an event to a reader who may lose sight of its entity. */
  show(event: SentEvent): void {
    for (const entity of [event.parent, event.entity]) {
      if (!entity) continue;
      this.#shown.delete(entity.id);
      this.#shown.set(entity.id, entity);
    }
    for (const id of this.#shown.keys()) {
      if (this.#shown.size <= mostShown) break;
      this.#shown.delete(id);
    }
    this.push({ kind: 'event', event });
  }

  /**
   * Tells the reader that they no longer see an entity, instead of sending them the event. They learn nothing about entities that they have
   * never seen.
   * @param hasSeen whether they saw the entity before the event
   */
  hide({ sequence, entity, parent }: SentEvent, hasSeen: boolean): void {
    for (const one of [entity, parent]) {
      if (!one) continue;
      const isKnown = this.#shown.delete(one.id);
      if (isKnown || (one === entity && hasSeen)) this.push({ kind: 'hidden', sequence, entity: one });
    }
  }

  /** Waits until there is room for more events. Returns at once when the stream has ended. */
  async room(): Promise<void> {
    while (this.#waiting > mostWaiting / 4 && !this.ended.aborted)
      await new Promise<void>((resolve) => {
        this.#wakeWriter = resolve;
      });
  }

  async next(idleMs = Infinity): Promise<Frame | 'idle' | null> {
    for (;;) {
      const [first] = this.#queue;
      if (first) {
        this.#queue.shift();
        this.#waiting -= first.size;
        this.#takenAt = performance.now();
        this.#wakeWriter?.();
        return first.frame;
      }
      if (this.ended.aborted) return null;
      if (!(await this.#woken(idleMs))) return 'idle';
    }
  }

  /** Whether something came before the time was over. */
  #woken(idleMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      const settle = (woken: boolean) => {
        clearTimeout(timer);
        this.#wakeReader = null;
        resolve(woken);
      };
      const timer = idleMs === Infinity ? undefined : setTimeout(() => settle(false), idleMs);
      this.#wakeReader = () => settle(true);
    });
  }

  close(): void {
    this.#finish();
  }

  /** Ends the stream. Its last frame says why. Waiting frames are dropped, because the reader can reconnect to get them. */
  end(error: DomainError): void {
    this.#finish({ kind: 'closed', error, resumable: !isRefusal(error) });
  }

  #finish(last?: Frame): void {
    if (this.ended.aborted) return;
    this.#queue = last ? [{ frame: last, size: 0 }] : [];
    this.#waiting = 0;
    this.#ended.abort();
    this.#wakeReader?.();
    this.#wakeWriter?.();
    this.#onEnd(this);
  }

  /** Ends the stream when its reader has not taken a frame for too long. */
  endIfStalled(now: number): void {
    if (this.#queue.length > 0 && now - this.#takenAt > longestWait) this.end(liveErrors.stream_too_slow());
  }

  /** Whether the reader was checked within the given time, in milliseconds. */
  isChecked(now: number, within: number): boolean {
    return now - this.#checkedAt <= within || this.ended.aborted;
  }

  /** Makes sure that the reader may read now, before something is sent to them. */
  async checked(now = performance.now(), within = checkedWithin): Promise<void> {
    if (this.isChecked(now, within)) return;
    this.#checking ??= this.#recheck().finally(() => {
      this.#checking = null;
    });
    await this.#checking;
  }

  async #recheck(): Promise<void> {
    const began = performance.now();
    try {
      this.#principal = await this.#check();
      this.#checkedAt = began;
    } catch (error) {
      if (isRefusal(error)) this.end(error);
      else if (performance.now() - this.#checkedAt > uncheckedAtMost)
        this.end(error instanceof DomainError ? error : errors.internal({ cause: error }));
    }
  }

  /** Whether an event passes the filters. @param projectIds the projects that the event is about */
  wants({ type, entity, parent }: SentEvent, projectIds: ReadonlySet<string>): boolean {
    const { types, entityId, projectId } = this.filter;
    return (
      (types === null || types.has(type)) &&
      (entityId === null || entity.id === entityId || parent?.id === entityId) &&
      (projectId === null || projectIds.has(projectId))
    );
  }
}
