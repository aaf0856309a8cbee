import { sql } from 'kysely';
import { authorize } from '../../access/index.ts';
import type { ServiceContext } from '../../database/context.ts';
import { countOf, orderOf, pageRequest, readPage } from '../../database/paging.ts';
import { read } from '../../database/read-door.ts';
import type { Page } from '../../kernel/schemas.ts';
import { workErrors } from '../work.errors.ts';
import type { Tag, TagId, TagListInput } from './tag.schema.ts';

const sortColumns = { createdAt: { by: sql`tags.created_at` }, name: { by: sql`tags.name_sort` } };

const tagColumns = ['tags.id', 'tags.name', 'tags.color', 'tags.created_at as createdAt'] as const;

/** A page of the organization's tags. */
export async function listTags(ctx: ServiceContext, input: TagListInput): Promise<Page<Tag>> {
  authorize(ctx, 'tag:read');
  const order = orderOf(input.sort, sortColumns, sql`tags.id`);
  const request = pageRequest(ctx, 'tags', input.sort, input);
  return read(ctx, async (db) => {
    const query = db.selectFrom('tags');
    const columns = query.select(tagColumns);
    const { rows, nextCursor } = await readPage(columns, order, request);
    const data = rows.map(({ id, name, color, createdAt }) => ({ id, name, color, createdAt }));
    return { data, nextCursor, ...(input.total ? { total: await countOf(query) } : {}) };
  });
}

/** @throws `tag_not_found` */
export async function getTag(ctx: ServiceContext, { id }: TagId): Promise<Tag> {
  authorize(ctx, 'tag:read');
  return read(ctx, async (db) => {
    const tag = await db.selectFrom('tags').select(tagColumns).where('tags.id', '=', id).executeTakeFirst();
    if (!tag) throw workErrors.tag_not_found();
    return tag;
  });
}
