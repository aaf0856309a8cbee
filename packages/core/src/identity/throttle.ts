import { sql } from 'kysely';
import type { ServiceContext } from '../database/context.ts';
import type { Database } from '../database/database.ts';
import { readThroughIdentityDoor, writeThroughIdentityDoor } from '../database/identity-door.ts';
import type { Unit } from '../database/unit-of-work.ts';
import { type DomainError, errors } from '../kernel/errors.ts';
import { networkOf } from '../kernel/network-address.ts';
import { onePer } from '../kernel/per.ts';
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

/** How many seconds to wait before a budget has a try left. 0: it has one now. */
function waitFor({ most, windowMs }: Budget, tries: readonly number[], now: Date): number {
  const oldest = tries.filter((at) => at > now.getTime() - windowMs).at(-most);
  return oldest === undefined ? 0 : Math.max(1, Math.ceil((oldest + windowMs - now.getTime()) / 1000));
}

/** Budgets that are locked until commit. */
interface LockedBudgets {
  /** How many seconds to wait when one is used up; else 0. */
  wait: number;
  /** Takes one try from each. */
  spend: () => Promise<void>;
  /** Takes none. Deletes the rows that were only made to be locked. */
  spare: () => Promise<void>;
}

/** Locks budgets until commit. Every caller must lock them in the same order. */
export async function lockBudgets(unit: Unit, budgets: readonly Budget[]): Promise<LockedBudgets> {
  const found: { one: Budget; tries: number[] }[] = [];
  for (const one of budgets) found.push({ one, tries: await triesOf(unit, one) });
  return {
    wait: Math.max(0, ...found.map(({ one, tries }) => waitFor(one, tries, unit.now))),
    async spend() {
      for (const { one, tries } of found) await storeTries(unit, one, [...tries, unit.now.getTime()]);
    },
    async spare() {
      const empty = found.filter(({ tries }) => tries.length === 0);
      if (empty.length > 0)
        await clearTries(
          unit,
          empty.map(({ one }) => one),
        );
    },
  };
}

/**
 * Refuses an attempt before its work is done, as far as attempts have been decided by now.
 * @throws `rate_limited` when a budget is used up
 */
export async function requireTries(ctx: ServiceContext, budgets: readonly Budget[]): Promise<void> {
  if (budgets.length === 0) return;
  const keys = budgets.map(({ key }) => key);
  const rows = await readThroughIdentityDoor(ctx.database, (db) =>
    db.selectFrom('throttles').select(['key', 'tries']).where('key', 'in', keys).execute(),
  );
  const triesBy = new Map(rows.map(({ key, tries }) => [key, tries]));
  const now = ctx.clock.now();
  const wait = Math.max(...budgets.map((one) => waitFor(one, triesBy.get(one.key) ?? [], now)));
  if (wait > 0) throw tooMany(wait);
}

/**
 * Decides on a guess that has been checked, and takes a try from each budget if it was wrong. Guesses are decided one after the
 * other. Those that come after the last try are refused, the right ones too: otherwise parallel guesses would get around the limit.
 * Every guess must get here after the same work, so that a right one is not decided sooner.
 * @throws `rate_limited` when a budget is used up
 */
export async function decideGuess(unit: Unit, budgets: readonly Budget[], isRight: boolean): Promise<void> {
  const { wait, spend, spare } = await lockBudgets(unit, budgets);
  if (wait > 0) throw tooMany(wait);
  await (isRight ? spare() : spend());
}

/** How many guesses for one key a process checks at a time. */
const checksAtATime = 10;
const linesOf = onePer<Database, Map<string, { free: number; waiting: (() => void)[] }>>(() => new Map());

/**
 * Runs the check of a guess when fewer than ten others for the same key are running. So a process does little work for guesses that
 * arrive together and of which the limit refuses most.
 * @param key of the first budget
 */
export async function inTurn<T>(
  { database }: ServiceContext,
  [first]: readonly Budget[],
  check: () => Promise<T>,
): Promise<T> {
  if (!first) return check();
  const lines = linesOf(database);
  const line = lines.get(first.key) ?? { free: checksAtATime, waiting: [] };
  lines.set(first.key, line);
  if (line.free === 0) await new Promise<void>((resolve) => line.waiting.push(resolve));
  else line.free--;
  try {
    return await check();
  } finally {
    const next = line.waiting.shift();
    // The one that goes next takes over the place.
    if (next) next();
    else if (++line.free === checksAtATime) lines.delete(first.key);
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
): Promise<void> {
  if (budgets.length === 0 && !work) return;
  await writeThroughIdentityDoor(ctx, async (unit) => {
    const { wait, spend } = await lockBudgets(unit, budgets);
    if (wait > 0) throw tooMany(wait);
    await spend();
    await work?.(unit);
  });
}

/**
 * Checks a guess, and takes a try from each budget if it was wrong. Parallel guesses cannot exceed the limit, and parallel right
 * ones are not counted.
 * @throws `rate_limited`
 */
export async function counted(
  ctx: ServiceContext,
  budgets: readonly Budget[],
  check: () => Promise<boolean>,
): Promise<boolean> {
  return inTurn(ctx, budgets, async () => {
    await requireTries(ctx, budgets);
    const passes = await check();
    await writeThroughIdentityDoor(ctx, (unit) => decideGuess(unit, budgets, passes));
    return passes;
  });
}
