import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Migration } from '@mikro-orm/migrations';
import Sqlite from 'better-sqlite3';
import { afterAll, describe, expect, it } from 'vitest';
import { uuidv7 } from '../kernel/ids.ts';
import { tables } from '../platform.ts';
import { recordMigration } from '../testing/index.ts';
import { bytesOfId } from './sqlite-values.ts';
import { migrate } from './migrate.ts';
import { openMigrationOrm } from './migration-orm.ts';
import type { TableDefinition } from './table.ts';

const directory = mkdtempSync(join(tmpdir(), 'tenon-migrate-'));
afterAll(() => rmSync(directory, { recursive: true }));

/** A later migration that makes the table of tasks anew, as SQLite must to add a foreign key. */
class RemakeTasks extends Migration {
  override name = 'Migration29990101000000_remake_tasks';

  override async up(): Promise<void> {
    const [tasks] = await this.execute(`select sql from sqlite_master where name = 'tasks'`);
    this.addSql(String(tasks?.['sql']).replace(/`tasks`/, '`tasks_anew`'));
    this.addSql('insert into tasks_anew select * from tasks');
    this.addSql('drop table tasks');
    this.addSql('alter table tasks_anew rename to tasks');
  }
}

const migrations = [RemakeTasks];

/** A database as the first release made it. */
async function firstSchema(name: string) {
  const file = join(directory, name);
  await migrate({ url: `file:${file}`, tables });
  return file;
}

function opened<T>(file: string, work: (database: Sqlite.Database) => T): T {
  const database = new Sqlite(file);
  database.pragma('foreign_keys = on');
  try {
    return work(database);
  } finally {
    database.close();
  }
}

/** An organization with a task, its subtask, and what hangs on them. */
function fill(database: Sqlite.Database): void {
  const newId = () => bytesOfId(uuidv7());
  const [organization, user, task, child, tag] = [newId(), newId(), newId(), newId(), newId()];
  const insert = (table: string, row: Record<string, unknown>) =>
    database
      .prepare(
        `insert into ${table} (${Object.keys(row).join(', ')}) values (${Object.keys(row)
          .map(() => '?')
          .join(', ')})`,
      )
      .run(...Object.values(row));
  const created = { created_at: 1, updated_at: 1 };
  const made = { ...created, created_by_id: user, updated_by_id: user };
  const of = { organization_id: organization };
  insert('users', {
    id: user,
    email: 'a@b.c',
    email_key: 'a@b.c',
    locale: 'en',
    timezone: 'UTC',
    is_active: 1,
    ...created,
  });
  insert('organizations', {
    id: organization,
    name: 'Acme',
    slug: 'acme',
    tier: 'free',
    is_active: 1,
    settings: '{}',
    ...made,
  });
  insert('memberships', { ...of, user_id: user, status: 'active', joined_at: 1, ...created });
  for (const [number, id, parent_id] of [
    [1, task, null],
    [2, child, task],
  ] as const) {
    const ranks = { status: 'todo', status_rank: 0, priority: 'low', priority_rank: 0 };
    insert('tasks', { ...of, id, parent_id, number, title: 'Crates', title_sort: 'crates', ...ranks, ...made });
    insert('task_search', { ...of, task_id: id, title: ' crates', body: '' });
  }
  insert('task_assignees', { ...of, task_id: task, user_id: user, position: 0, created_at: 1 });
  insert('tags', { ...of, id: tag, name: 'Depot', name_sort: 'depot', color: '#336699', ...made });
  insert('task_tags', { ...of, task_id: task, tag_id: tag, created_at: 1 });
  insert('comments', { ...of, id: newId(), task_id: child, body: 'Here', mention_ids: '[]', ...made });
}

const kept = ['tasks', 'task_search', 'task_assignees', 'task_tags', 'comments', 'tags'];

const rowsOf = (database: Sqlite.Database) =>
  Object.fromEntries(kept.map((table) => [table, database.prepare(`select * from ${table}`).all()]));

/** The columns of ids with their checks, as SQL declares them. */
const idsIn = (sql: string): string[] => [...(sql.match(/`\w+` blob check .+? = 16\)+ (?:not )?null/g) ?? [])].sort();

describe('migrating a SQLite file', () => {
  it('keeps every row, also of tables that are made anew', async () => {
    const file = await firstSchema('kept.db');
    const before = opened(file, (database) => {
      fill(database);
      return rowsOf(database);
    });
    for (const table of kept) expect(before[table]).not.toEqual([]);

    expect(await migrate({ url: `file:${file}`, tables, migrations })).toEqual([
      'Migration29990101000000_remake_tasks',
    ]);

    const after = opened(file, rowsOf);
    for (const table of kept) expect(after[table]).toMatchObject(before[table] ?? []);
    expect(after['tasks']).toHaveLength(2);
    opened(file, (database) => {
      const found = database.prepare(`select count(*) from task_search_index where task_search_index match 'crates'`);
      expect(found.pluck().get()).toBe(2);
      expect(database.pragma('foreign_key_check')).toEqual([]);
      expect(() => database.exec(`delete from tasks where number = 1`)).toThrow(/foreign key/i);
      expect(() => database.exec(`update tasks set team_id = randomblob(16)`)).toThrow(/foreign key/i);
    });
  });

  it('makes a file with small pages, and tables of links without rowid', async () => {
    opened(await firstSchema('new.db'), (database) => {
      expect(database.pragma('page_size', { simple: true })).toBe(2048);
      const declared = tables.flatMap(({ name, withoutRowid }: TableDefinition) => (withoutRowid ? [name] : []));
      const made = database.prepare(`select name from pragma_table_list where wr = 1 and type = 'table'`).pluck().all();
      expect(made).toEqual(expect.arrayContaining(declared));
      expect(declared).toContain('task_tags');
    });
  });

  it('makes each column of ids with the check that its entity declares', async () => {
    const orm = await openMigrationOrm(':memory:', tables);
    const declared = idsIn(await orm.schema.getCreateSchemaSQL());
    await orm.close(true);
    opened(await firstSchema('checked.db'), (database) => {
      const made = database.prepare(`select sql from sqlite_master where type = 'table'`).pluck().all();
      expect(idsIn(made.join('\n'))).toEqual(declared);
    });
    expect(declared).toContain(
      "`team_id` blob check (`team_id` is null or (typeof(`team_id`) = 'blob' and length(`team_id`) = 16)) null",
    );
  });

  it('says so when rows refer to nothing', async () => {
    const file = await firstSchema('broken.db');
    opened(file, (database) => {
      fill(database);
      database.pragma('foreign_keys = off');
      database.exec(`delete from tags`);
    });
    await expect(migrate({ url: `file:${file}`, tables, migrations })).rejects.toThrow('rows that refer to nothing: 1');
  });

  it('refuses a file that a newer version makes at the same time', async () => {
    const newer = await firstSchema('newer.db');
    recordMigration(newer, 'Migration29990101000000_telepathy');
    const file = join(directory, 'raced.db');
    // It finds no file before it waits for anything.
    const migrating = migrate({ url: `file:${file}`, tables });
    copyFileSync(newer, file);
    await expect(migrating).rejects.toThrow(/newer version .*Migration29990101000000_telepathy/);
  });
});
