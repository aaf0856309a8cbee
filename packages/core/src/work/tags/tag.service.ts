import { authorize } from '../../access/index.ts';
import { recordEvents } from '../../activity/index.ts';
import type { ServiceContext } from '../../database/context.ts';
import { isUniqueViolation } from '../../database/failures.ts';
import { mutate } from '../../database/unit-of-work.ts';
import { diff, isEmpty } from '../../kernel/changes.ts';
import { uuidv7 } from '../../kernel/ids.ts';
import { workErrors } from '../work.errors.ts';
import { TagEntity, type TagRecord } from './tag.entity.ts';
import type { Tag, TagCreate, TagId, TagUpdate } from './tag.schema.ts';

const tagOf = (tag: Pick<TagRecord, 'id' | 'name' | 'color' | 'createdAt'>): Tag => ({
  id: tag.id,
  name: tag.name,
  color: tag.color,
  createdAt: tag.createdAt.toISOString(),
});

/** The name is unique by the database, so that two at once cannot both have it. */
const refuseTaken = (error: unknown): never => {
  throw isUniqueViolation(error) ? workErrors.tag_name_taken({ field: ['name'], cause: error }) : error;
};

/** @throws `tag_name_taken` */
export async function createTag(ctx: ServiceContext, input: TagCreate): Promise<Tag> {
  authorize(ctx, 'tag:create');
  const { userId, organizationId } = ctx.principal;
  return mutate(ctx, async (unit) => {
    const tag = {
      organizationId,
      id: uuidv7(),
      name: input.name,
      nameSort: input.name.toLowerCase(),
      color: input.color,
      version: 1,
      createdAt: unit.now,
      createdById: userId,
      updatedAt: unit.now,
      updatedById: userId,
    };
    await unit.insert(TagEntity, tag).catch(refuseTaken);
    await recordEvents(unit, {
      type: 'tag.created',
      entity: { type: 'tag', id: tag.id },
      data: { name: tag.name, color: tag.color },
    });
    return tagOf(tag);
  });
}

/**
 * Renames or recolours; no task's version moves.
 * @throws `tag_not_found`, `tag_name_taken`
 */
export async function updateTag(ctx: ServiceContext, { id, ...fields }: TagUpdate): Promise<Tag> {
  authorize(ctx, 'tag:update');
  const { userId } = ctx.principal;
  return mutate(ctx, async (unit) => {
    const tag = await unit.load(TagEntity, { id }, workErrors.tag_not_found);
    const before = tagOf(tag);
    if (fields.name !== undefined) Object.assign(tag, { name: fields.name, nameSort: fields.name.toLowerCase() });
    if (fields.color !== undefined) tag.color = fields.color;
    const changes = diff({ ...before }, { ...tagOf(tag) });
    if (isEmpty(changes)) return before;
    tag.updatedAt = unit.now;
    tag.updatedById = userId;
    await unit.em.flush().catch(refuseTaken);
    await recordEvents(unit, {
      type: 'tag.updated',
      entity: { type: 'tag', id },
      changes,
      data: { version: tag.version },
    });
    return tagOf(tag);
  });
}

/**
 * Deletes for ever, and takes it off every task.
 * @throws `tag_not_found`
 */
export async function deleteTag(ctx: ServiceContext, { id }: TagId): Promise<void> {
  authorize(ctx, 'tag:delete');
  await mutate(ctx, async (unit) => {
    const tag = await unit.load(TagEntity, { id }, workErrors.tag_not_found);
    const { name } = tag;
    unit.em.remove(tag);
    await unit.em.flush();
    await recordEvents(unit, { type: 'tag.deleted', entity: { type: 'tag', id }, data: { name } });
    return null;
  });
}
