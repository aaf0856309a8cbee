import { Migration } from '@mikro-orm/migrations';

export class Migration20261121194838_api_keys extends Migration {

  override name = 'Migration20261121194838_api_keys';

  override up(): void | Promise<void> {
    this.addSql(`create table "service_accounts" ("organization_id" uuid not null, "user_id" uuid not null, "created_at" timestamptz(3) not null, "created_by_id" uuid not null, primary key ("organization_id", "user_id"));`);

    this.addSql(`create table "api_keys" ("organization_id" uuid not null, "id" uuid not null, "name" varchar(255) not null, "prefix" varchar(255) not null, "secret_hash" varchar(255) not null, "user_id" uuid not null, "scopes" jsonb not null, "expires_at" timestamptz(3) null, "last_used_at" timestamptz(3) null, "is_active" boolean not null, "version" int not null default 1, "created_at" timestamptz(3) not null, "created_by_id" uuid not null, "updated_at" timestamptz(3) not null, "updated_by_id" uuid not null, primary key ("organization_id", "id"));`);
    this.addSql(`alter table "api_keys" add constraint "api_keys_secret_hash_unique" unique ("secret_hash");`);
    this.addSql(`create index "api_keys_organization_id_created_at_id_index" on "api_keys" ("organization_id", "created_at", "id");`);
    this.addSql(`create index "api_keys_organization_id_user_id_index" on "api_keys" ("organization_id", "user_id");`);

    this.addSql(`alter table "events" add "api_key_id" uuid null;`);

    this.addSql(`alter table "users" add "kind" text not null default 'person';`);
    this.addSql(`alter table "users" add constraint "users_kind_check" check ("kind" in ('person', 'service'));`);

    this.addSql(`alter table "service_accounts" add constraint "service_accounts_organization_id_user_id_foreign" foreign key ("organization_id", "user_id") references "memberships" ("organization_id", "user_id") on update no action on delete restrict;`);
    this.addSql(`alter table "service_accounts" add constraint "service_accounts_organization_id_created_by_id_foreign" foreign key ("organization_id", "created_by_id") references "memberships" ("organization_id", "user_id") on update no action on delete restrict;`);
    this.addSql(`alter table "service_accounts" enable row level security;`);
    this.addSql(`alter table "service_accounts" force row level security;`);
    this.addSql(`create policy "service_accounts_system" on "service_accounts" to "tenon_system" using (true) with check (true);`);
    this.addSql(`create policy "service_accounts_identity" on "service_accounts" to "tenon_identity" using (true) with check (true);`);
    this.addSql(`create policy "service_accounts_request" on "service_accounts" to "tenon_request" using (service_accounts.organization_id = (select nullif(current_setting('app.organization_id', true), '')::uuid)) with check (service_accounts.organization_id = (select nullif(current_setting('app.organization_id', true), '')::uuid));`);

    this.addSql(`alter table "api_keys" add constraint "api_keys_organization_id_user_id_foreign" foreign key ("organization_id", "user_id") references "memberships" ("organization_id", "user_id") on update no action on delete restrict;`);
    this.addSql(`alter table "api_keys" add constraint "api_keys_organization_id_created_by_id_foreign" foreign key ("organization_id", "created_by_id") references "memberships" ("organization_id", "user_id") on update no action on delete restrict;`);
    this.addSql(`alter table "api_keys" add constraint "api_keys_organization_id_updated_by_id_foreign" foreign key ("organization_id", "updated_by_id") references "memberships" ("organization_id", "user_id") on update no action on delete restrict;`);
    this.addSql(`alter table "api_keys" enable row level security;`);
    this.addSql(`alter table "api_keys" force row level security;`);
    this.addSql(`create policy "api_keys_system" on "api_keys" to "tenon_system" using (true) with check (true);`);
    this.addSql(`create policy "api_keys_identity" on "api_keys" to "tenon_identity" using (true) with check (true);`);
    this.addSql(`create policy "api_keys_request" on "api_keys" to "tenon_request" using (api_keys.organization_id = (select nullif(current_setting('app.organization_id', true), '')::uuid)) with check (api_keys.organization_id = (select nullif(current_setting('app.organization_id', true), '')::uuid));`);
  }

  override down(): void | Promise<void> {
    this.addSql(`drop table if exists "service_accounts" cascade;`);
    this.addSql(`drop table if exists "api_keys" cascade;`);

    this.addSql(`alter table "events" drop column "api_key_id";`);

    this.addSql(`alter table "users" drop constraint "users_kind_check";`);
    this.addSql(`alter table "users" drop column "kind";`);
  }

}
