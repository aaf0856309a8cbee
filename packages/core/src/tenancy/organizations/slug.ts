import { randomInt } from 'node:crypto';
import type { ServiceContext } from '../../database/context.ts';
import { isUniqueViolation } from '../../database/failures.ts';
import { readThroughIdentityDoor } from '../../database/identity-door.ts';
import { DomainError } from '../../kernel/errors.ts';
import { fold } from '../../kernel/text.ts';
import { tenancyErrors } from '../tenancy.errors.ts';
import { isSlug } from './organization.schema.ts';

const suffix = (): string =>
  randomInt(36 ** 6)
    .toString(36)
    .padStart(6, '0');

/** The name in the letters of slugs: empty when it has none of them. */
export const slugOf = (name: string): string =>
  fold(name)
    .replaceAll(/[^a-z0-9]+/g, '-')
    .slice(0, 50)
    .replaceAll(/^-+|-+$/g, '');

/** A slug of this name that nobody has: random at its end. */
export const uniqueSlugOf = (name: string): string => `${slugOf(name) || 'organization'}-${suffix()}`;

async function freeSlugOf(ctx: ServiceContext, name: string): Promise<string> {
  const plain = slugOf(name);
  if (!isSlug(plain)) return uniqueSlugOf(name);
  const taken = await readThroughIdentityDoor(ctx.database, (db) =>
    db.selectFrom('organizations').select('id').where('slug', '=', plain).executeTakeFirst(),
  );
  return taken ? uniqueSlugOf(name) : plain;
}

/** For what writes a slug. It is unique by the database, so that two at once cannot both have it. @throws `slug_taken` */
export const refuseTakenSlug = (error: unknown): never => {
  throw isUniqueViolation(error) ? tenancyErrors.slug_taken({ field: ['slug'], cause: error }) : error;
};

const isSlugTaken = (error: unknown): boolean =>
  error instanceof DomainError && error.code === tenancyErrors.slug_taken().code;

/** Runs `work` with a slug made from the name; once more when somebody else took it in the meantime. */
export async function withSlugOf<T>(ctx: ServiceContext, name: string, work: (slug: string) => Promise<T>): Promise<T> {
  try {
    return await work(await freeSlugOf(ctx, name));
  } catch (error) {
    if (!isSlugTaken(error)) throw error;
    return work(uniqueSlugOf(name));
  }
}
