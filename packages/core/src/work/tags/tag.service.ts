import { authorize } from '../../access/index.ts';
import type { ServiceContext } from '../../database/context.ts';
import { read } from '../../database/read-door.ts';
import { mutate } from '../../database/unit-of-work.ts';
import type { ById, Page } from '../../kernel/schemas.ts';
import { tags } from './tag.record.ts';
import type { Tag, TagCreate, TagListInput, TagUpdate } from './tag.schema.ts';

/** Lists the tags of the organization. */
export async function listTags(ctx: ServiceContext, input: TagListInput): Promise<Page<Tag>> {
  authorize(ctx, 'tag:read');
  return tags.list(ctx, input);
}

/** @throws `tag_not_found` */
export async function getTag(ctx: ServiceContext, { id }: ById): Promise<Tag> {
  authorize(ctx, 'tag:read');
  return read(ctx, (db) => tags.get(db, id));
}

/** @throws `tag_name_taken` */
export async function createTag(ctx: ServiceContext, input: TagCreate): Promise<Tag> {
  authorize(ctx, 'tag:create');
  return mutate(ctx, async (unit) => tags.answer(unit.db, await tags.add(unit, input)));
}

/**
 * Renames or recolors a tag. The versions of its tasks stay the same.
 * @throws `tag_not_found`, `version_conflict`, `tag_name_taken`
 */
export async function updateTag(ctx: ServiceContext, { id, ...fields }: TagUpdate): Promise<Tag> {
  authorize(ctx, 'tag:update');
  return mutate(ctx, async (unit) => {
    const { after } = await tags.change(unit, await tags.lock(unit, id), fields);
    return tags.answer(unit.db, after);
  });
}

/**
 * Deletes a tag for ever, and takes it off every task.
 * @throws `tag_not_found`, `version_conflict`
 */
export async function deleteTag(ctx: ServiceContext, { id }: ById): Promise<void> {
  authorize(ctx, 'tag:delete');
  await mutate(ctx, async (unit) => tags.remove(unit, await tags.lock(unit, id)));
}
