import { randomInt } from 'node:crypto';
import type { ServiceContext } from '../../database/context.ts';
import { readThroughIdentityDoor } from '../../database/identity-door.ts';
import { DomainError } from '../../kernel/errors.ts';
import { fold } from '../../kernel/text.ts';
import { isSlug } from './organization.schema.ts';

const suffix = (): string =>
  randomInt(36 ** 6)
    .toString(36)
    .padStart(6, '0');

/** Makes a slug from a name. The result is empty when the name has no letter or digit that a slug may contain. */
export const slugOf = (name: string): string =>
  fold(name)
    .replaceAll(/[^a-z0-9]+/g, '-')
    .slice(0, 50)
    .replaceAll(/^-+|-+$/g, '');

/** Makes a slug from a name with a random ending, so that nobody has it yet. */
export const uniqueSlugOf = (name: string): string => `${slugOf(name) || 'organization'}-${suffix()}`;

async function freeSlugOf(ctx: ServiceContext, name: string): Promise<string> {
  const plain = slugOf(name);
  if (!isSlug(plain)) return uniqueSlugOf(name);
  const taken = await readThroughIdentityDoor(ctx.database, (db) =>
    db.selectFrom('organizations').select('id').where('slug', '=', plain).executeTakeFirst(),
  );
  return taken ? uniqueSlugOf(name) : plain;
}

/** Runs `work` with a slug made from the name, and once more with another slug if somebody took the first one meanwhile. */
export async function withSlugOf<T>(ctx: ServiceContext, name: string, work: (slug: string) => Promise<T>): Promise<T> {
  try {
    return await work(await freeSlugOf(ctx, name));
  } catch (error) {
    if (!(error instanceof DomainError && error.code === 'slug_taken')) throw error;
    return work(uniqueSlugOf(name));
  }
}
