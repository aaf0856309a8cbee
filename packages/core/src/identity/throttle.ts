import { isIPv4, isIPv6 } from 'node:net';
import { sql } from 'kysely';
import type { ServiceContext } from '../database/context.ts';
import { writeThroughIdentityDoor } from '../database/identity-door.ts';
import type { Unit } from '../database/unit-of-work.ts';
import { type DomainError, errors } from '../kernel/errors.ts';
import { mac } from './keys.ts';

const minute = 60_000;

/** How often something may be tried within a sliding window. */
interface Limit {
  most: number;
  windowMs: number;
}

/** By account, whether there is one or not: what is unknown is counted as what is known. */
const perAccount = {
  /** Failed sign-ins under one name (B5). */
  login: { most: 10, windowMs: 15 * minute },
  /** Failed sign-ins to one account under all of its names together. */
  account: { most: 10, windowMs: 15 * minute },
  /** Wrong present passwords of somebody who is signed in. */
  password: { most: 10, windowMs: 15 * minute },
  /** Wrong codes of an authenticator app: of a million codes three are right at a time, so a day has an end too. */
  'second-factor': { most: 10, windowMs: 15 * minute },
  'second-factor-day': { most: 40, windowMs: 24 * 60 * minute },
  /** Wrong recovery codes: apart, so that whoever has lost the app still gets in. */
  'recovery-code': { most: 10, windowMs: 15 * minute },
  /** Mails that anybody may have sent to one address. */
  'mail-to': { most: 5, windowMs: 60 * minute },
} as const satisfies Record<string, Limit>;

/** By network address; how many, a setting says. */
type AddressBudget = 'login' | 'register' | 'mail' | 'passkey' | 'oidc';
const addressWindowMs = 15 * minute;
/** A page asks for a passkey whenever it is opened, so there are more of these. */
const passkeysPerAttempt = 10;

/** Something that is counted for somebody. */
export interface Budget extends Limit {
  key: string;
}

const budget = (ctx: ServiceContext, what: string, whom: string, limit: Limit): Budget => ({
  ...limit,
  key: mac(ctx.settings, 'throttle', `${what} ${whom}`).toString('base64url'),
});

export const accountBudget = (ctx: ServiceContext, what: keyof typeof perAccount, whom: string): Budget =>
  budget(ctx, what, whom, perAccount[what]);

/** Who shares an address: on IPv6 one subscriber has a whole /64. */
export function networkOf(address: string): string {
  const mapped = /^::ffff:([\d.]+)$/i.exec(address)?.[1];
  if (mapped !== undefined && isIPv4(mapped)) return mapped;
  if (!isIPv6(address)) return address;
  const [head = '', tail] = (address.split('%')[0] ?? '').toLowerCase().split('::');
  const groups = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = Array.from({ length: Math.max(0, 8 - groups.length - after.length) }, () => '0');
  const all = tail === undefined ? groups : [...groups, ...zeros, ...after];
  return all
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ''))
    .join(':');
}

/** None for what does not come over a network. */
export const addressBudgets = (ctx: ServiceContext, what: AddressBudget): Budget[] =>
  ctx.address === null
    ? []
    : [
        budget(ctx, `${what} from`, networkOf(ctx.address), {
          most: ctx.settings.attemptsPerAddress * (what === 'passkey' ? passkeysPerAttempt : 1),
          windowMs: addressWindowMs,
        }),
      ];

/** The tries of a budget within its window. The row is there then, and locked until commit. */
async function triesOf(unit: Unit, { key, windowMs }: Budget): Promise<number[]> {
  const now = unit.now.getTime();
  const expires = sql<string>`${new Date(now + windowMs)}`;
  const { tries } = await unit.db
    .insertInto('throttles')
    .values({ key, tries: sql<number[]>`${'[]'}`, expires_at: expires })
    .onConflict((conflict) => conflict.column('key').doUpdateSet({ expires_at: expires }))
    .returning('tries')
    .executeTakeFirstOrThrow();
  return tries.filter((at) => at > now - windowMs);
}

const storeTries = (unit: Unit, { key }: Budget, tries: readonly number[]) =>
  unit.db
    .updateTable('throttles')
    .set({ tries: sql<number[]>`${JSON.stringify(tries)}` })
    .where('key', '=', key)
    .execute();

/**
 * Takes one try from each budget, or from none. Give them in one order everywhere: each is locked until commit.
 * @returns how many seconds to wait, when one of them is spent; 0 when the tries were taken
 */
export async function spend(unit: Unit, budgets: readonly Budget[]): Promise<number> {
  const now = unit.now.getTime();
  const found: { one: Budget; tries: number[] }[] = [];
  for (const one of budgets) found.push({ one, tries: await triesOf(unit, one) });
  const waits = found.map(({ one, tries }) => {
    const oldest = tries.at(-one.most);
    return oldest === undefined ? 0 : Math.max(1, Math.ceil((oldest + one.windowMs - now) / 1000));
  });
  const wait = Math.max(0, ...waits);
  if (wait === 0) for (const { one, tries } of found) await storeTries(unit, one, [...tries, now]);
  return wait;
}

/** Tries that were taken from budgets, and when. */
export interface Tries {
  budgets: readonly Budget[];
  at: Date;
}

/** Gives tries back that did no harm. */
export async function refund(unit: Unit, { budgets, at }: Tries): Promise<void> {
  for (const one of budgets) {
    const tries = await triesOf(unit, one);
    const index = tries.indexOf(at.getTime());
    if (index >= 0) await storeTries(unit, one, tries.toSpliced(index, 1));
  }
}

/** Forgets every try of the budgets. */
export async function clearTries(unit: Unit, budgets: readonly Budget[]): Promise<void> {
  for (const { key } of budgets) await unit.db.deleteFrom('throttles').where('key', '=', key).execute();
}

export const tooMany = (seconds: number): DomainError => errors.rate_limited({ retryAfter: seconds });

/**
 * Takes one try from each budget, and does the work that this pays for in the same transaction.
 * @throws `rate_limited`, before the work
 */
export async function attempt(
  ctx: ServiceContext,
  budgets: readonly Budget[],
  work?: (unit: Unit) => Promise<unknown>,
): Promise<Tries> {
  if (budgets.length === 0 && !work) return { budgets, at: ctx.clock.now() };
  const { at, wait } = await writeThroughIdentityDoor(ctx, async (unit) => {
    const seconds = await spend(unit, budgets);
    if (seconds === 0) await work?.(unit);
    return { at: unit.now, wait: seconds };
  });
  if (wait > 0) throw tooMany(wait);
  return { budgets, at };
}

/**
 * Takes one try from each budget, and gives it back when the check passes. Taken first, so that many guesses at once are not more
 * than the limit.
 * @throws `rate_limited`
 */
export async function counted(
  ctx: ServiceContext,
  budgets: readonly Budget[],
  check: () => Promise<boolean>,
): Promise<boolean> {
  const tried = await attempt(ctx, budgets);
  const passes = await check();
  if (passes) await writeThroughIdentityDoor(ctx, (unit) => refund(unit, tried));
  return passes;
}
