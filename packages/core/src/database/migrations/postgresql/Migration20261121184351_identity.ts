import { Migration } from '@mikro-orm/migrations';

export class Migration20261121184351_identity extends Migration {

  override name = 'Migration20261121184351_identity';

  override up(): void | Promise<void> {
    this.addSql(`create table "throttles" ("key" varchar(255) not null, "tries" jsonb not null, "expires_at" timestamptz(3) not null, primary key ("key"));`);
    this.addSql(`create index "throttles_expires_at_index" on "throttles" ("expires_at");`);

    this.addSql(`create table "email_changes" ("id" uuid not null, "user_id" uuid not null, "from_email" varchar(255) not null, "from_email_key" varchar(255) not null, "to_email" varchar(255) not null, "status" text not null, "expires_at" timestamptz(3) not null, "undo_until" timestamptz(3) null, "created_at" timestamptz(3) not null, primary key ("id"));`);
    this.addSql(`create index "email_changes_user_id_index" on "email_changes" ("user_id");`);
    this.addSql(`create index "email_changes_from_email_key_index" on "email_changes" ("from_email_key");`);

    this.addSql(`create policy "idempotency_keys_identity" on "idempotency_keys" to "tenon_identity" using (true) with check (true);`);

    this.addSql(`alter table "users" add "instance_admin_since" timestamptz(3) null;`);

    this.addSql(`alter table "memberships" add "sessions_ended_at" timestamptz(3) null;`);

    this.addSql(`create policy "departments_identity" on "departments" to "tenon_identity" using (true) with check (true);`);

    this.addSql(`create policy "teams_identity" on "teams" to "tenon_identity" using (true) with check (true);`);

    this.addSql(`create policy "department_members_identity" on "department_members" to "tenon_identity" using (true) with check (true);`);

    this.addSql(`alter table "throttles" enable row level security;`);
    this.addSql(`alter table "throttles" force row level security;`);
    this.addSql(`create policy "throttles_system" on "throttles" to "tenon_system" using (true) with check (true);`);
    this.addSql(`create policy "throttles_identity" on "throttles" to "tenon_identity" using (true) with check (true);`);

    this.addSql(`alter table "email_changes" add constraint "email_changes_user_id_foreign" foreign key ("user_id") references "users" ("id") on update no action on delete cascade;`);
    this.addSql(`alter table "email_changes" add constraint "email_changes_status_check" check ("status" in ('pending', 'confirmed', 'undone', 'replaced'));`);
    this.addSql(`alter table "email_changes" enable row level security;`);
    this.addSql(`alter table "email_changes" force row level security;`);
    this.addSql(`create policy "email_changes_system" on "email_changes" to "tenon_system" using (true) with check (true);`);
    this.addSql(`create policy "email_changes_identity" on "email_changes" to "tenon_identity" using (true) with check (true);`);
    this.addSql(`create policy "email_changes_request" on "email_changes" to "tenon_request" using (email_changes.user_id = (select nullif(current_setting('app.user_id', true), '')::uuid)) with check (email_changes.user_id = (select nullif(current_setting('app.user_id', true), '')::uuid));`);
  }

  override down(): void | Promise<void> {
    this.addSql(`drop table if exists "throttles" cascade;`);
    this.addSql(`drop table if exists "email_changes" cascade;`);

    this.addSql(`drop policy "department_members_identity" on "department_members";`);

    this.addSql(`drop policy "departments_identity" on "departments";`);

    this.addSql(`drop policy "idempotency_keys_identity" on "idempotency_keys";`);

    this.addSql(`drop policy "teams_identity" on "teams";`);

    this.addSql(`alter table "memberships" drop column "sessions_ended_at";`);

    this.addSql(`alter table "users" drop column "instance_admin_since";`);
  }

}
