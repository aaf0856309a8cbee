import { describe, expect, it, vi } from 'vitest';
import type { SentEvent } from '../activity/index.ts';
import { errors } from '../kernel/errors.ts';
import type { Principal } from '../kernel/principal.ts';
import { type Check, type Frame, Subscription } from './subscription.ts';

const principal: Principal = {
  userId: 'ada',
  sessionId: 'session',
  emailVerified: true,
  organizationId: 'acme',
  grants: [],
};

const eventOf = (sequence: number, text = ''): SentEvent => ({
  id: String(sequence),
  type: 'task.created',
  actor: null,
  apiKeyId: null,
  entity: { type: 'task', id: 'task' },
  parent: null,
  changes: {},
  data: { text },
  summary: null,
  at: '2026-01-31T09:00:00.000Z',
  sequence,
  organizationId: 'acme',
  schemaVersion: 1,
});

function subscription(check: Check = async () => principal) {
  const onEnd = vi.fn<() => void>();
  const made = new Subscription({
    principal,
    filter: { types: null, entityId: null, projectId: null },
    check,
    onEnd,
  });
  return { made, onEnd };
}

const push = (to: Subscription, sequence: number, text?: string) =>
  to.push({ kind: 'event', event: eventOf(sequence, text) });

const codeOf = (frame: Frame | 'idle' | null) =>
  frame !== null && frame !== 'idle' && frame.kind === 'closed' ? [frame.error.code, frame.resumable] : frame;

describe('a reader', () => {
  it('gets the frames in order, and waits for the next one', async () => {
    const { made } = subscription();
    push(made, 1);
    push(made, 2);
    expect(await made.next()).toMatchObject({ event: { sequence: 1 } });
    expect(await made.next()).toMatchObject({ event: { sequence: 2 } });
    const next = made.next();
    push(made, 3);
    expect(await next).toMatchObject({ event: { sequence: 3 } });
    expect(await made.next(5)).toBe('idle');
  });

  it('who is too slow is told to come back, and what waits is dropped', async () => {
    const { made, onEnd } = subscription();
    for (let sequence = 1; sequence <= 11; sequence++) push(made, sequence, 'x'.repeat(100_000));
    expect(made.ended.aborted).toBe(true);
    expect(onEnd).toHaveBeenCalledOnce();
    expect(codeOf(await made.next())).toEqual(['stream_too_slow', true]);
    expect(await made.next()).toBeNull();
    push(made, 12);
    expect(await made.next()).toBeNull();
  });

  it('who takes nothing for 30 seconds is too slow, unless there is nothing to take', async () => {
    const { made } = subscription();
    made.endIfStalled(performance.now() + 60_000);
    expect(made.ended.aborted).toBe(false);
    push(made, 1);
    made.endIfStalled(performance.now() + 29_000);
    expect(made.ended.aborted).toBe(false);
    made.endIfStalled(performance.now() + 31_000);
    expect(codeOf(await made.next())).toEqual(['stream_too_slow', true]);
  });

  it('has room again when some of what waits was taken', async () => {
    const { made } = subscription();
    for (let sequence = 1; sequence <= 4; sequence++) push(made, sequence, 'x'.repeat(90_000));
    const room = vi.fn<() => void>();
    const waiting = made.room().then(room);
    await made.next();
    expect(room).not.toHaveBeenCalled();
    await made.next();
    await waiting;
    expect(room).toHaveBeenCalledOnce();
  });

  it('who goes gets nothing more, and nobody waits for room', async () => {
    const { made, onEnd } = subscription();
    for (let sequence = 1; sequence <= 4; sequence++) push(made, sequence, 'x'.repeat(90_000));
    const room = made.room();
    made.close();
    await room;
    expect(await made.next()).toBeNull();
    expect(onEnd).toHaveBeenCalledOnce();
  });
});

describe('before something is sent, it is asked whether the reader may read', () => {
  const later = (milliseconds: number) => performance.now() + milliseconds;

  it('unless that is known', async () => {
    const check = vi.fn<Check>(async () => ({ ...principal, timezone: 'Europe/Berlin' }));
    const { made } = subscription(check);
    await made.checked(later(2900));
    expect(check).not.toHaveBeenCalled();
    await Promise.all([made.checked(later(3100)), made.checked(later(3100))]);
    expect(check).toHaveBeenCalledOnce();
    expect(made.principal.timezone).toBe('Europe/Berlin');
  });

  it('and a refusal ends the stream for good', async () => {
    const { made } = subscription(async () => {
      throw errors.unauthenticated();
    });
    push(made, 1);
    await made.checked(later(3100));
    expect(codeOf(await made.next())).toEqual(['unauthenticated', false]);
  });

  it('and it goes on for a moment while nobody can say', async () => {
    const { made } = subscription(async () => {
      throw errors.database_unavailable();
    });
    await made.checked(later(3100));
    expect(made.ended.aborted).toBe(false);
    const now = vi.spyOn(performance, 'now').mockReturnValue(later(5000));
    await made.checked();
    now.mockRestore();
    expect(codeOf(await made.next())).toEqual(['database_unavailable', true]);
  });
});
