import { Migration } from '@mikro-orm/migrations';

export class Migration20261121180932_identity extends Migration {

  override name = 'Migration20261121180932_identity';

  override up(): void | Promise<void> {
    this.addSql(`create table "throttles" ("key" varchar(255) not null, "tries" jsonb not null, "expires_at" timestamptz(3) not null, primary key ("key"));`);
    this.addSql(`create index "throttles_expires_at_index" on "throttles" ("expires_at");`);

    this.addSql(`alter table "memberships" add "sessions_ended_at" timestamptz(3) null;`);

    this.addSql(`alter table "throttles" enable row level security;`);
    this.addSql(`alter table "throttles" force row level security;`);
    this.addSql(`create policy "throttles_system" on "throttles" to "tenon_system" using (true) with check (true);`);
    this.addSql(`create policy "throttles_identity" on "throttles" to "tenon_identity" using (true) with check (true);`);
  }

  override down(): void | Promise<void> {
    this.addSql(`drop table if exists "throttles" cascade;`);

    this.addSql(`alter table "memberships" drop column "sessions_ended_at";`);
  }

}
