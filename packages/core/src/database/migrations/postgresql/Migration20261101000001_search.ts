import { Migration } from '@mikro-orm/migrations';

/** Full-text search: the words of a task, and a generated tsvector over them. */
export class Migration20261101000001_search extends Migration {
  override name = 'Migration20261101000001_search';

  override up(): void {
    this.addSql(`create table task_search (
      organization_id uuid not null,
      task_id uuid not null,
      title text not null,
      body text not null,
      document tsvector generated always as (array_to_tsvector(string_to_array(trim(title || body), ' '))) stored,
      primary key (organization_id, task_id),
      foreign key (organization_id, task_id) references tasks (organization_id, id) on delete cascade
    )`);
    this.addSql('create index task_search_document_index on task_search using gin (document)');
    this.addSql('alter table task_search enable row level security');
    this.addSql('alter table task_search force row level security');
    this.addSql('create policy task_search_system on task_search to tenon_system using (true) with check (true)');
    const own = `organization_id = nullif(current_setting('app.organization_id', true), '')::uuid`;
    this.addSql(`create policy task_search_request on task_search to tenon_request using (${own}) with check (${own})`);
  }
}
