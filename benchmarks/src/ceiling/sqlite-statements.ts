import Database from 'better-sqlite3';
import type { ReadEvent } from './activity.ts';
import { columnsBy, rowReader } from './fields.ts';
import { figureColumns } from './figures.ts';
import { idOf } from './ids.ts';
import type { Reference } from './store.ts';
import type { Link, Name } from './task.ts';

/** Makes an object of a row. Statements return rows as arrays, which is faster than objects. */
export const taskRow = rowReader({
  id: (hex: string) => (hex === '' ? null : idOf(hex)),
  instant: (at: number) => new Date(at).toISOString(),
  hundredths: (value: number) => value / 100,
  boolean: (value: number) => value === 1,
  json: (value: string): unknown => JSON.parse(value),
});

type RawLink = [Link['kind'], string, number, string];
export const linkOf = ([kind, taskId, position, id]: RawLink): Link => ({
  kind,
  taskId: idOf(taskId),
  position,
  id: idOf(id),
});

type RawName = [Name['kind'], string, string | null, string | null];
export const nameOf = ([kind, id, name, detail]: RawName): Name => ({ kind, id: idOf(id), name, detail });

type RawReference = [Reference['kind'], string, string | null, string | null, string | null];
export const referenceOf = ([kind, id, name, detail, status]: RawReference): Reference => ({
  kind,
  id: idOf(id),
  name,
  detail,
  status,
});

type RawEvent = [string, string, string, string, number, string, string | null, string | null];
export const eventOf = ([id, actorId, apiKeyId, entityId, at, payload, username, fullName]: RawEvent): ReadEvent => ({
  id: idOf(id),
  actorId: idOf(actorId),
  apiKeyId: apiKeyId === '' ? null : idOf(apiKeyId),
  entityId: idOf(entityId),
  at: new Date(at).toISOString(),
  payload: JSON.parse(payload) as ReadEvent['payload'],
  username,
  fullName,
});

/** Opens a database file with the pragmas of the platform. */
export function openFile(file: string): Database.Database {
  const database = new Database(file);
  database.pragma('journal_mode = wal');
  for (const pragma of ['synchronous = normal', 'foreign_keys = on', 'cache_size = -65536', 'mmap_size = 268435456'])
    database.pragma(pragma);
  return database;
}

/** Prepares all statements. */
export const prepareAll = (database: Database.Database) => ({
  organization: database
    .prepare<[Buffer], string>(`select hex(organization_id) from memberships where user_id = ? and status = 'active'`)
    .pluck(),
  list: database
    .prepare<[Buffer, number, number], unknown[]>(
      `select ${columnsBy({ id: 'hex' })} from tasks where organization_id = ? and status_rank = ? and deleted_at is null
       order by created_at desc, id desc limit ?`,
    )
    .raw(),
  get: database
    .prepare<[Buffer, Buffer], unknown[]>(
      `select ${columnsBy({ id: 'hex' })} from tasks where organization_id = ? and id = ? and deleted_at is null`,
    )
    .raw(),
  // Cross joins fix the order of the tables: from the ids to the rows, by primary keys.
  links: database
    .prepare<[string, Buffer, string, Buffer], RawLink>(
      `select 'assignee', hex(a.task_id), a.position, hex(a.user_id)
       from json_each(?) t cross join task_assignees a on a.organization_id = ? and a.task_id = unhex(t.value, '-')
       union all
       select 'tag', hex(l.task_id), 0, hex(l.tag_id)
       from json_each(?) t cross join task_tags l on l.organization_id = ? and l.task_id = unhex(t.value, '-')`,
    )
    .raw(),
  names: database
    .prepare<[string, Buffer, string], RawName>(
      `select 'tag', hex(g.id), g.name, g.color
       from json_each(?) t cross join tags g on g.organization_id = ? and g.id = unhex(t.value, '-')
       union all
       select 'person', hex(u.id), u.username, u.full_name from json_each(?) p cross join users u on u.id = unhex(p.value, '-')`,
    )
    .raw(),
  references: database
    .prepare<[string, Buffer, string, Buffer], RawReference>(
      `select 'person', hex(u.id), u.username, u.full_name, m.status
       from json_each(?) p cross join memberships m on m.organization_id = ? and m.user_id = unhex(p.value, '-')
       cross join users u on u.id = m.user_id
       union all
       select 'tag', hex(g.id), g.name, g.color, null
       from json_each(?) t cross join tags g on g.organization_id = ? and g.id = unhex(t.value, '-')`,
    )
    .raw(),
  nextNumber: database
    .prepare<[Buffer], number>(
      `insert into counters (organization_id, name, value) values (?, 'task', 1)
       on conflict (organization_id, name) do update set value = counters.value + 1 returning value`,
    )
    .pluck(),
  insertTask: database.prepare(
    `insert into tasks (organization_id, id, number, title, title_sort, status, status_rank, priority, priority_rank,
       version, created_at, created_by_id, updated_at, updated_by_id)
     values (?, ?, ?, ?, ?, 'todo', 0, 'medium', 1, 1, ?, ?, ?, ?)`,
  ),
  insertAssignee: database.prepare(
    `insert into task_assignees (organization_id, task_id, user_id, position, created_at) values (?, ?, ?, ?, ?)`,
  ),
  insertTag: database.prepare(
    `insert into task_tags (organization_id, task_id, tag_id, created_at) values (?, ?, ?, ?)`,
  ),
  insertSearch: database.prepare(
    `insert into task_search (organization_id, task_id, title, body) values (?, ?, ?, '')`,
  ),
  insertEvent: database.prepare(
    `insert into events (id, organization_id, type, actor_id, entity_type, entity_id, request_id, payload_hash, at)
     values (?, ?, ?, ?, 'task', ?, ?, ?, ?)`,
  ),
  insertPayload: database.prepare(
    `insert into event_payloads (event_id, organization_id, salt, payload) values (?, ?, ?, ?)`,
  ),
  search: database
    .prepare<[string, string, number, Buffer], unknown[]>(
      `select ${columnsBy({ id: 'hex' })} from (
         select words.task_id as found_id, instr(words.title, ?) > 0 as in_title
         from task_search_index cross join task_search words on words.sequence = task_search_index.rowid
         where task_search_index match ? order by in_title desc, found_id desc limit ?
       ) cross join tasks on organization_id = ? and id = found_id and deleted_at is null
       order by in_title desc, found_id desc`,
    )
    .raw(),
  board: database
    .prepare<[Buffer, Buffer, number, number], unknown[]>(
      `select ${columnsBy({ id: 'hex' })} from tasks
       where organization_id = ? and project_id = ? and status_rank = ? and deleted_at is null order by position, id limit ?`,
    )
    .raw(),
  projectKeys: database
    .prepare<[string, Buffer], [string, string]>(
      `select hex(j.id), j.key from json_each(?) p cross join projects j
       on j.organization_id = ? and j.id = unhex(p.value, '-')`,
    )
    .raw(),
  activity: database
    .prepare<[Buffer, number, number], RawEvent>(
      `select hex(e.id), hex(e.actor_id), hex(e.api_key_id), hex(e.entity_id), e.at, p.payload, u.username, u.full_name
       from events e cross join event_payloads p on p.event_id = e.id left join users u on u.id = e.actor_id
       where e.organization_id = ? and e.at <= ? and e.type = 'task.created' order by e.at desc, e.id desc limit ?`,
    )
    .raw(),
  figures: database
    .prepare<[number, number, Buffer, number], unknown[]>(
      `select ${figureColumns('?', '?')} from tasks where organization_id = ? and deleted_at is null and created_at <= ?`,
    )
    .raw(),
  setHours: database.prepare(
    `update tasks set estimated_hours = ?, version = ?, updated_at = ?, updated_by_id = ?
     where organization_id = ? and id = ?`,
  ),
  setStatus: database.prepare(
    `update tasks set status = ?, status_rank = ?, completed_at = ?, version = ?, updated_at = ?, updated_by_id = ?
     where organization_id = ? and id = ?`,
  ),
});
