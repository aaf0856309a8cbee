import pg from 'pg';
import type { ReadEvent } from './activity.ts';
import { columnsBy, rowReader } from './fields.ts';
import { figureColumns } from './figures.ts';
import type { Reference } from './store.ts';
import type { Link, Name } from './task.ts';

/** The session speaks UTC: `2026-01-31 09:00:00.12+00`. */
const instant = (at: string): string =>
  `${at.slice(0, 10)}T${at.slice(11, 19)}.${at.charAt(19) === '.' ? at.slice(20, -3).padEnd(3, '0') : '000'}Z`;

export const taskRow = rowReader({
  instant,
  hundredths: (value: number) => value / 100,
});

type RawLink = [Link['kind'], string, number, string];
export const linkOf = ([kind, taskId, position, id]: RawLink): Link => ({ kind, taskId, position, id });

type RawName = [Name['kind'], string, string | null, string | null];
export const nameOf = ([kind, id, name, detail]: RawName): Name => ({ kind, id, name, detail });

/** What is joined to one task: its assignees, its tags, and the people who created and updated it. */
type RawNamedLink = ['assignee' | 'tag' | 'person', number, string, string | null, string | null];
export function namedLinksOf(taskId: string, raw: readonly RawNamedLink[]): { links: Link[]; names: Name[] } {
  const links: Link[] = [];
  const names: Name[] = [];
  for (const [kind, position, id, name, detail] of raw) {
    if (kind !== 'person') links.push({ kind, taskId, position, id });
    names.push({ kind: kind === 'tag' ? 'tag' : 'person', id, name, detail });
  }
  return { links, names };
}

type RawReference = [Reference['kind'], string, string | null, string | null, string | null];
export const referenceOf = ([kind, id, name, detail, status]: RawReference): Reference => ({
  kind,
  id,
  name,
  detail,
  status,
});

type RawEvent = [string, string, string | null, string, string, ReadEvent['payload'], string | null, string | null];
export const eventOf = ([id, actorId, apiKeyId, entityId, at, payload, username, fullName]: RawEvent): ReadEvent => ({
  id,
  actorId,
  apiKeyId,
  entityId,
  at: instant(at),
  payload,
  username,
  fullName,
});

/** Makes a named statement, which each connection prepares once. */
const statement =
  <Row extends unknown[]>(name: string, text: string) =>
  async (client: Pick<pg.PoolClient, 'query'>, ...values: unknown[]): Promise<Row[]> =>
    (await client.query<Row>({ name, text, values, rowMode: 'array' })).rows;

export const statements = {
  organization: statement<[string]>(
    'organization',
    `select organization_id from memberships where user_id = $1 and status = 'active'`,
  ),
  list: statement<unknown[]>(
    'list',
    `select ${columnsBy({})} from tasks where organization_id = $1 and status_rank = $2 and deleted_at is null
     order by created_at desc, id desc limit $3`,
  ),
  get: statement<unknown[]>(
    'get',
    `select ${columnsBy({})} from tasks where organization_id = $1 and id = $2 and deleted_at is null`,
  ),
  lock: statement<unknown[]>(
    'lock',
    `select ${columnsBy({})} from tasks where organization_id = $1 and id = $2 and deleted_at is null for update`,
  ),
  links: statement<RawLink>(
    'links',
    `select 'assignee', task_id, position, user_id from task_assignees
       where organization_id = $1 and task_id = any($2::uuid[])
     union all
     select 'tag', task_id, 0, tag_id from task_tags where organization_id = $1 and task_id = any($2::uuid[])`,
  ),
  names: statement<RawName>(
    'names',
    `select 'tag', id, name, color from tags where organization_id = $1 and id = any($2::uuid[])
     union all
     select 'person', id, username, full_name from users where id = any($3::uuid[])`,
  ),
  /** Reads the links and names of one task together. For a page, joining each link would cost more than a second statement. */
  linksOfOne: statement<RawNamedLink>(
    'links-of-one',
    `select 'assignee', a.position, u.id, u.username, u.full_name
       from task_assignees a join users u on u.id = a.user_id where a.organization_id = $1 and a.task_id = $2
     union all
     select 'tag', 0, g.id, g.name, g.color
       from task_tags l join tags g on g.organization_id = l.organization_id and g.id = l.tag_id
       where l.organization_id = $1 and l.task_id = $2
     union all
     select 'person', 0, u.id, u.username, u.full_name from users u where u.id = any($3::uuid[])`,
  ),
  references: statement<RawReference>(
    'references',
    `select 'person', u.id, u.username, u.full_name, m.status
       from memberships m join users u on u.id = m.user_id
       where m.organization_id = $1 and m.user_id = any($2::uuid[])
     union all
     select 'tag', g.id, g.name, g.color, null from tags g where g.organization_id = $1 and g.id = any($3::uuid[])`,
  ),
  nextNumber: statement<[number]>(
    'next-number',
    `insert into counters (organization_id, name, value) values ($1, 'task', 1)
     on conflict (organization_id, name) do update set value = counters.value + 1 returning value`,
  ),
  insertTask: statement(
    'insert-task',
    `insert into tasks (organization_id, id, number, title, title_sort, status, status_rank, priority, priority_rank,
       version, created_at, created_by_id, updated_at, updated_by_id)
     values ($1, $2, $3, $4, $5, 'todo', 0, 'medium', 1, 1, $6, $7, $6, $7)`,
  ),
  insertAssignees: statement(
    'insert-assignees',
    `insert into task_assignees (organization_id, task_id, user_id, position, created_at)
     select $1, $2, person.id, person.position - 1, $4 from unnest($3::uuid[]) with ordinality as person (id, position)`,
  ),
  insertTags: statement(
    'insert-tags',
    `insert into task_tags (organization_id, task_id, tag_id, created_at) select $1, $2, unnest($3::uuid[]), $4`,
  ),
  insertSearch: statement(
    'insert-search',
    `insert into task_search (organization_id, task_id, title, body) values ($1, $2, $3, '')`,
  ),
  insertEvent: statement(
    'insert-event',
    `insert into events (id, organization_id, type, actor_id, entity_type, entity_id, request_id, payload_hash, at)
     values ($1, $2, $3, $4, 'task', $5, $6, $7, $8)`,
  ),
  insertPayload: statement(
    'insert-payload',
    `insert into event_payloads (event_id, organization_id, salt, payload) values ($1, $2, $3, $4)`,
  ),
  search: statement<unknown[]>(
    'search',
    `select ${columnsBy({})} from (
       select task_id as found_id, strpos(title, $2) > 0 as in_title from task_search
       where organization_id = $1 and document @@ $3::tsquery order by in_title desc, found_id desc limit $4
     ) found join tasks on organization_id = $1 and id = found_id and deleted_at is null
     order by in_title desc, found_id desc`,
  ),
  board: statement<unknown[]>(
    'board',
    `select ${columnsBy({})} from tasks
     where organization_id = $1 and project_id = $2 and status_rank = $3 and deleted_at is null
     order by position, id limit $4`,
  ),
  projectKeys: statement<[string, string]>(
    'project-keys',
    'select id, key from projects where organization_id = $1 and id = any($2::uuid[])',
  ),
  activity: statement<RawEvent>(
    'activity',
    `select e.id, e.actor_id, e.api_key_id, e.entity_id, e.at, p.payload, u.username, u.full_name
     from events e join event_payloads p on p.event_id = e.id left join users u on u.id = e.actor_id
     where e.organization_id = $1 and e.at <= $2 and e.type = 'task.created' order by e.at desc, e.id desc limit $3`,
  ),
  figures: statement<unknown[]>(
    'figures',
    `select ${figureColumns('$3', '$4')} from tasks
     where organization_id = $1 and deleted_at is null and created_at <= $2`,
  ),
  lockMany: statement<unknown[]>(
    'lock-many',
    `select ${columnsBy({})} from tasks where organization_id = $1 and id = any($2::uuid[]) and deleted_at is null
     order by id for update`,
  ),
  setHours: statement(
    'set-hours',
    `update tasks set estimated_hours = $3, version = version + 1, updated_at = $4, updated_by_id = $5
     where organization_id = $1 and id = any($2::uuid[])`,
  ),
  insertEvents: statement(
    'insert-events',
    `insert into events (id, organization_id, type, actor_id, entity_type, entity_id, request_id, payload_hash, at)
     select unnest($1::uuid[]), $2, $3, $4, 'task', unnest($5::uuid[]), $6, unnest($7::text[]), $8`,
  ),
  insertPayloads: statement(
    'insert-payloads',
    `insert into event_payloads (event_id, organization_id, salt, payload)
     select unnest($1::uuid[]), $2, unnest($3::text[]), unnest($4::text[])::jsonb`,
  ),
  setStatus: statement(
    'set-status',
    `update tasks set status = $3, status_rank = $4, completed_at = $5, version = $6, updated_at = $7, updated_by_id = $8
     where organization_id = $1 and id = $2`,
  ),
};

const rawText = new Set<number>([pg.types.builtins.TIMESTAMPTZ]);

/** Instants stay text, because a Date would only be formatted as text again. */
export const types: pg.CustomTypesConfig = {
  getTypeParser: (oid: number, format?: 'text' | 'binary') =>
    rawText.has(oid) ? (text: string) => text : (pg.types.getTypeParser(oid, format) as never),
};
