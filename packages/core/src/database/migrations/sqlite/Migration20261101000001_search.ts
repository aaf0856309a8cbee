import { Migration } from '@mikro-orm/migrations';

/** Full-text search: the words of a task, and an FTS5 index over them that triggers keep. */
export class Migration20261101000001_search extends Migration {
  override name = 'Migration20261101000001_search';

  override up(): void {
    this.addSql(`create table task_search (
      sequence integer primary key autoincrement,
      organization_id text not null,
      task_id text not null,
      title text not null,
      body text not null,
      unique (organization_id, task_id),
      foreign key (organization_id, task_id) references tasks (organization_id, id) on delete cascade
    )`);
    // The organization is a word of its own, so that a search looks at one tenant's rows only.
    this.addSql(`create virtual table task_search_index using fts5 (
      organization_id, title, body, content = 'task_search', content_rowid = 'sequence', tokenize = 'unicode61 remove_diacritics 0'
    )`);
    this.addSql(`create trigger task_search_inserted after insert on task_search begin
      insert into task_search_index (rowid, organization_id, title, body)
      values (new.sequence, new.organization_id, new.title, new.body);
    end`);
    this.addSql(`create trigger task_search_deleted after delete on task_search begin
      insert into task_search_index (task_search_index, rowid, organization_id, title, body)
      values ('delete', old.sequence, old.organization_id, old.title, old.body);
    end`);
    this.addSql(`create trigger task_search_updated after update on task_search begin
      insert into task_search_index (task_search_index, rowid, organization_id, title, body)
      values ('delete', old.sequence, old.organization_id, old.title, old.body);
      insert into task_search_index (rowid, organization_id, title, body)
      values (new.sequence, new.organization_id, new.title, new.body);
    end`);
  }
}
