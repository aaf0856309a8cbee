import { sql } from 'kysely';
import type { ServiceContext } from '../database/context.ts';
import { writeThroughIdentityDoor } from '../database/identity-door.ts';
import type { Unit } from '../database/unit-of-work.ts';
import { type DomainError, errors } from '../kernel/errors.ts';
import { networkOf } from '../kernel/network-address.ts';
import { mac } from './keys.ts';
import { ThrottleEntity } from './throttle.entity.ts';

const minute = 60_000;

/** How many tries a sliding window allows. */
interface Limit {
  most: number;
  windowMs: number;
}

/** Limits per account. Names without an account are counted in the same way. */
const perAccount = {
  /** Failed sign-ins under one name (B5). */
  login: { most: 10, windowMs: 15 * minute },
  /** Failed sign-ins to one account under all of its names. */
  account: { most: 10, windowMs: 15 * minute },
  /** Wrong current passwords of a signed-in user. */
  password: { most: 10, windowMs: 15 * minute },
  /** Wrong codes of an authenticator app. Three of a million codes are valid at any time, so there is also a daily limit. */
  'second-factor': { most: 10, windowMs: 15 * minute },
  'second-factor-day': { most: 40, windowMs: 24 * 60 * minute },
  /** Wrong recovery codes: counted separately, so that a user who has lost the app can still sign in. */
  'recovery-code': { most: 10, windowMs: 15 * minute },
  /** Mails to one address that anybody can ask for. */
  'mail-to': { most: 5, windowMs: 60 * minute },
} as const satisfies Record<string, Limit>;

/** Limits per network address. A setting says how many tries. */
type AddressBudget = 'login' | 'register' | 'mail' | 'passkey' | 'oidc';
const addressWindowMs = 15 * minute;
/** A page asks for a passkey each time it opens, so passkeys get more tries. */
const passkeysPerAttempt = 10;

/** The tries of one account or one network address. */
export interface Budget extends Limit {
  key: string;
}

const budget = (ctx: ServiceContext, what: string, subject: string, limit: Limit): Budget => ({
  ...limit,
  key: mac(ctx.settings, 'throttle', `${what} ${subject}`).toString('base64url'),
});

export const accountBudget = (ctx: ServiceContext, what: keyof typeof perAccount, account: string): Budget =>
  budget(ctx, what, account, perAccount[what]);

/** The budget of the caller's network address. Empty when the request did not come over a network. */
export const addressBudgets = (ctx: ServiceContext, what: AddressBudget): Budget[] =>
  ctx.address === null
    ? []
    : [
        budget(ctx, `${what} from`, networkOf(ctx.address), {
          most: ctx.settings.attemptsPerAddress * (what === 'passkey' ? passkeysPerAttempt : 1),
          windowMs: addressWindowMs,
        }),
      ];

/** Reads the tries within the window of a budget. Creates its row when missing, and locks it until commit. */
async function triesOf(unit: Unit, { key, windowMs }: Budget): Promise<number[]> {
  const now = unit.now.getTime();
  const expires = new Date(now + windowMs);
  const { tries } = await unit.db
    .insertInto('throttles')
    .values({ key, tries: sql<number[]>`${'[]'}`, expires_at: expires })
    .onConflict((conflict) => conflict.column('key').doUpdateSet({ expires_at: expires }))
    .returning('tries')
    .executeTakeFirstOrThrow();
  return tries.filter((at) => at > now - windowMs);
}

const storeTries = (unit: Unit, { key }: Budget, tries: number[]) => unit.update(ThrottleEntity, { key }, { tries });

/**
 * Takes one try from each budget, or from none. It locks each until commit, so every caller must pass them in the same order.
 * @returns how many seconds to wait when a budget is used up; 0 when the tries were taken
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

/** Gives back the tries of an attempt that succeeded. */
export async function refund(unit: Unit, { budgets, at }: Tries): Promise<void> {
  for (const one of budgets) {
    const tries = await triesOf(unit, one);
    const index = tries.indexOf(at.getTime());
    if (index >= 0) await storeTries(unit, one, tries.toSpliced(index, 1));
  }
}

/** Clears all tries of the budgets. */
export async function clearTries(unit: Unit, budgets: readonly Budget[]): Promise<void> {
  await unit.delete(ThrottleEntity, { key: budgets.map(({ key }) => key) });
}

export const tooMany = (seconds: number): DomainError => errors.rate_limited({ retryAfter: seconds });

/**
 * Takes one try from each budget, and runs `work` in the same transaction.
 * @throws `rate_limited` when a budget is used up; `work` then does not run
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
 * Takes one try from each budget, and gives it back when `check` passes. It takes the try first, so that parallel guesses cannot
 * exceed the limit.
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
