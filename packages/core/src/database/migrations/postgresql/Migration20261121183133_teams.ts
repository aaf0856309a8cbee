import { Migration } from '@mikro-orm/migrations';

export class Migration20261121183133_teams extends Migration {

  override name = 'Migration20261121183133_teams';

  override up(): void | Promise<void> {
    this.addSql(`create table "departments" ("organization_id" uuid not null, "id" uuid not null, "name" varchar(255) not null, "name_sort" text collate "C" not null, "sibling_key" text not null, "description" text null, "parent_id" uuid null, "path_sort" text collate "C" not null, "head_user_id" uuid null, "version" int not null default 1, "created_at" timestamptz(3) not null, "created_by_id" uuid not null, "updated_at" timestamptz(3) not null, "updated_by_id" uuid not null, primary key ("organization_id", "id"));`);
    this.addSql(`create index "departments_organization_id_path_sort_index" on "departments" ("organization_id", "path_sort");`);
    this.addSql(`create index "departments_organization_id_parent_id_id_index" on "departments" ("organization_id", "parent_id", "id");`);
    this.addSql(`create index "departments_organization_id_head_user_id_index" on "departments" ("organization_id", "head_user_id");`);
    this.addSql(`create index "departments_organization_id_created_at_id_index" on "departments" ("organization_id", "created_at", "id");`);
    this.addSql(`create index "departments_organization_id_name_sort_id_index" on "departments" ("organization_id", "name_sort", "id");`);
    this.addSql(`alter table "departments" add constraint "departments_organization_id_sibling_key_unique" unique ("organization_id", "sibling_key");`);

    this.addSql(`create table "teams" ("organization_id" uuid not null, "id" uuid not null, "name" varchar(255) not null, "name_sort" text collate "C" not null, "description" text null, "department_id" uuid null, "version" int not null default 1, "created_at" timestamptz(3) not null, "created_by_id" uuid not null, "updated_at" timestamptz(3) not null, "updated_by_id" uuid not null, primary key ("organization_id", "id"));`);
    this.addSql(`create index "teams_organization_id_department_id_id_index" on "teams" ("organization_id", "department_id", "id");`);
    this.addSql(`create index "teams_organization_id_created_at_id_index" on "teams" ("organization_id", "created_at", "id");`);
    this.addSql(`alter table "teams" add constraint "teams_organization_id_name_sort_unique" unique ("organization_id", "name_sort");`);

    this.addSql(`create table "team_members" ("organization_id" uuid not null, "team_id" uuid not null, "user_id" uuid not null, "added_at" timestamptz(3) not null, "added_by_id" uuid not null, primary key ("organization_id", "team_id", "user_id"));`);
    this.addSql(`create index "team_members_organization_id_team_id_added_at_user_id_index" on "team_members" ("organization_id", "team_id", "added_at", "user_id");`);
    this.addSql(`create index "team_members_organization_id_user_id_team_id_index" on "team_members" ("organization_id", "user_id", "team_id");`);

    this.addSql(`create table "department_members" ("organization_id" uuid not null, "user_id" uuid not null, "department_id" uuid not null, "added_at" timestamptz(3) not null, "added_by_id" uuid not null, primary key ("organization_id", "user_id"));`);
    this.addSql(`create index "department_members_organization_id_department_id_a_49ac5_index" on "department_members" ("organization_id", "department_id", "added_at", "user_id");`);

    this.addSql(`alter table "tasks" add "team_id" uuid null;`);
    this.addSql(`alter table "tasks" add constraint "tasks_organization_id_team_id_foreign" foreign key ("organization_id", "team_id") references "teams" ("organization_id", "id") on update no action on delete restrict;`);
    this.addSql(`create index "tasks_organization_id_team_id_created_at_id_index" on "tasks" ("organization_id", "team_id", "created_at", "id");`);

    this.addSql(`alter table "departments" add constraint "departments_organization_id_parent_id_foreign" foreign key ("organization_id", "parent_id") references "departments" ("organization_id", "id") on update no action on delete restrict;`);
    this.addSql(`alter table "departments" add constraint "departments_organization_id_head_user_id_foreign" foreign key ("organization_id", "head_user_id") references "memberships" ("organization_id", "user_id") on update no action on delete restrict;`);
    this.addSql(`alter table "departments" add constraint "departments_organization_id_created_by_id_foreign" foreign key ("organization_id", "created_by_id") references "memberships" ("organization_id", "user_id") on update no action on delete restrict;`);
    this.addSql(`alter table "departments" add constraint "departments_organization_id_updated_by_id_foreign" foreign key ("organization_id", "updated_by_id") references "memberships" ("organization_id", "user_id") on update no action on delete restrict;`);
    this.addSql(`alter table "departments" enable row level security;`);
    this.addSql(`alter table "departments" force row level security;`);
    this.addSql(`create policy "departments_system" on "departments" to "tenon_system" using (true) with check (true);`);
    this.addSql(`create policy "departments_request" on "departments" to "tenon_request" using (departments.organization_id = (select nullif(current_setting('app.organization_id', true), '')::uuid)) with check (departments.organization_id = (select nullif(current_setting('app.organization_id', true), '')::uuid));`);

    this.addSql(`alter table "teams" add constraint "teams_organization_id_department_id_foreign" foreign key ("organization_id", "department_id") references "departments" ("organization_id", "id") on update no action on delete restrict;`);
    this.addSql(`alter table "teams" add constraint "teams_organization_id_created_by_id_foreign" foreign key ("organization_id", "created_by_id") references "memberships" ("organization_id", "user_id") on update no action on delete restrict;`);
    this.addSql(`alter table "teams" add constraint "teams_organization_id_updated_by_id_foreign" foreign key ("organization_id", "updated_by_id") references "memberships" ("organization_id", "user_id") on update no action on delete restrict;`);
    this.addSql(`alter table "teams" enable row level security;`);
    this.addSql(`alter table "teams" force row level security;`);
    this.addSql(`create policy "teams_system" on "teams" to "tenon_system" using (true) with check (true);`);
    this.addSql(`create policy "teams_request" on "teams" to "tenon_request" using (teams.organization_id = (select nullif(current_setting('app.organization_id', true), '')::uuid)) with check (teams.organization_id = (select nullif(current_setting('app.organization_id', true), '')::uuid));`);

    this.addSql(`alter table "team_members" add constraint "team_members_organization_id_team_id_foreign" foreign key ("organization_id", "team_id") references "teams" ("organization_id", "id") on update no action on delete cascade;`);
    this.addSql(`alter table "team_members" add constraint "team_members_organization_id_user_id_foreign" foreign key ("organization_id", "user_id") references "memberships" ("organization_id", "user_id") on update no action on delete restrict;`);
    this.addSql(`alter table "team_members" add constraint "team_members_organization_id_added_by_id_foreign" foreign key ("organization_id", "added_by_id") references "memberships" ("organization_id", "user_id") on update no action on delete restrict;`);
    this.addSql(`alter table "team_members" enable row level security;`);
    this.addSql(`alter table "team_members" force row level security;`);
    this.addSql(`create policy "team_members_system" on "team_members" to "tenon_system" using (true) with check (true);`);
    this.addSql(`create policy "team_members_request" on "team_members" to "tenon_request" using (team_members.organization_id = (select nullif(current_setting('app.organization_id', true), '')::uuid)) with check (team_members.organization_id = (select nullif(current_setting('app.organization_id', true), '')::uuid));`);

    this.addSql(`alter table "department_members" add constraint "department_members_organization_id_department_id_foreign" foreign key ("organization_id", "department_id") references "departments" ("organization_id", "id") on update no action on delete restrict;`);
    this.addSql(`alter table "department_members" add constraint "department_members_organization_id_user_id_foreign" foreign key ("organization_id", "user_id") references "memberships" ("organization_id", "user_id") on update no action on delete restrict;`);
    this.addSql(`alter table "department_members" add constraint "department_members_organization_id_added_by_id_foreign" foreign key ("organization_id", "added_by_id") references "memberships" ("organization_id", "user_id") on update no action on delete restrict;`);
    this.addSql(`alter table "department_members" enable row level security;`);
    this.addSql(`alter table "department_members" force row level security;`);
    this.addSql(`create policy "department_members_system" on "department_members" to "tenon_system" using (true) with check (true);`);
    this.addSql(`create policy "department_members_request" on "department_members" to "tenon_request" using (department_members.organization_id = (select nullif(current_setting('app.organization_id', true), '')::uuid)) with check (department_members.organization_id = (select nullif(current_setting('app.organization_id', true), '')::uuid));`);
  }

  override down(): void | Promise<void> {
    this.addSql(`alter table "departments" drop constraint "departments_organization_id_parent_id_foreign";`);
    this.addSql(`alter table "teams" drop constraint "teams_organization_id_department_id_foreign";`);
    this.addSql(`alter table "department_members" drop constraint "department_members_organization_id_department_id_foreign";`);
    this.addSql(`alter table "team_members" drop constraint "team_members_organization_id_team_id_foreign";`);
    this.addSql(`alter table "tasks" drop constraint "tasks_organization_id_team_id_foreign";`);

    this.addSql(`drop table if exists "departments" cascade;`);
    this.addSql(`drop table if exists "teams" cascade;`);
    this.addSql(`drop table if exists "team_members" cascade;`);
    this.addSql(`drop table if exists "department_members" cascade;`);

    this.addSql(`drop index "tasks_organization_id_team_id_created_at_id_index";`);
    this.addSql(`alter table "tasks" drop column "team_id";`);
  }

}
