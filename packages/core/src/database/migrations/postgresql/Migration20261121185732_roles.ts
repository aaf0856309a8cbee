import { Migration } from '@mikro-orm/migrations';

export class Migration20261121185732_roles extends Migration {

  override name = 'Migration20261121185732_roles';

  override up(): void | Promise<void> {
    this.addSql(`alter table "roles" add "parent_id" uuid null, add "permissions" jsonb not null default '[]', add "constraints" jsonb not null default '[]', add "version" int not null default 1;`);
    this.addSql(`alter table "roles" add constraint "roles_organization_id_parent_id_foreign" foreign key ("organization_id", "parent_id") references "roles" ("organization_id", "id") on update no action on delete restrict;`);
    this.addSql(`create index "roles_organization_id_created_at_id_index" on "roles" ("organization_id", "created_at", "id");`);
    this.addSql(`create index "roles_organization_id_parent_id_index" on "roles" ("organization_id", "parent_id");`);

    this.addSql(`alter table "role_assignments" drop constraint "role_assignments_pkey";`);
    this.addSql(`alter table "role_assignments" add "id" uuid not null default gen_random_uuid(), add "department_id" uuid null, add "team_id" uuid null, add "scope_key" varchar(255) not null default 'organization', add "valid_to" timestamptz(3) null;`);
    // The defaults were for the rows that there are.
    this.addSql(`alter table "role_assignments" alter "id" drop default, alter "scope_key" drop default;`);

    this.addSql(`alter table "role_assignments" add constraint "role_assignments_organization_id_department_id_foreign" foreign key ("organization_id", "department_id") references "departments" ("organization_id", "id") on update no action on delete cascade;`);
    this.addSql(`alter table "role_assignments" add constraint "role_assignments_organization_id_team_id_foreign" foreign key ("organization_id", "team_id") references "teams" ("organization_id", "id") on update no action on delete cascade;`);
    this.addSql(`create index "role_assignments_organization_id_created_at_id_index" on "role_assignments" ("organization_id", "created_at", "id");`);
    this.addSql(`create index "role_assignments_organization_id_role_id_index" on "role_assignments" ("organization_id", "role_id");`);
    this.addSql(`create index "role_assignments_organization_id_department_id_index" on "role_assignments" ("organization_id", "department_id");`);
    this.addSql(`create index "role_assignments_organization_id_team_id_index" on "role_assignments" ("organization_id", "team_id");`);
    this.addSql(`alter table "role_assignments" add constraint "role_assignments_organization_id_user_id_role_id__f0017_unique" unique ("organization_id", "user_id", "role_id", "scope_key");`);
    this.addSql(`alter table "role_assignments" add primary key ("organization_id", "id");`);
  }

  override down(): void | Promise<void> {
    this.addSql(`alter table "role_assignments" drop constraint "role_assignments_organization_id_department_id_foreign";`);
    this.addSql(`alter table "role_assignments" drop constraint "role_assignments_organization_id_team_id_foreign";`);

    this.addSql(`alter table "roles" drop constraint "roles_organization_id_parent_id_foreign";`);

    this.addSql(`drop index "role_assignments_organization_id_created_at_id_index";`);
    this.addSql(`drop index "role_assignments_organization_id_role_id_index";`);
    this.addSql(`drop index "role_assignments_organization_id_department_id_index";`);
    this.addSql(`drop index "role_assignments_organization_id_team_id_index";`);
    this.addSql(`alter table "role_assignments" drop constraint "role_assignments_organization_id_user_id_role_id__f0017_unique";`);
    this.addSql(`alter table "role_assignments" drop constraint "role_assignments_pkey";`);
    this.addSql(`alter table "role_assignments" drop column "id", drop column "department_id", drop column "team_id", drop column "scope_key", drop column "valid_to";`);
    this.addSql(`alter table "role_assignments" add primary key ("organization_id", "user_id", "role_id");`);

    this.addSql(`drop index "roles_organization_id_created_at_id_index";`);
    this.addSql(`drop index "roles_organization_id_parent_id_index";`);
    this.addSql(`alter table "roles" drop column "parent_id", drop column "permissions", drop column "constraints", drop column "version";`);
  }

}
