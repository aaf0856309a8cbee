import { Migration } from '@mikro-orm/migrations';

/** A random UUID: an assignment was known by its user and its role until now. */
const newId = `lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-8' || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))`;

export class Migration20261121185732_roles extends Migration {

  override name = 'Migration20261121185732_roles';

  override up(): void | Promise<void> {
    this.addSql(`pragma foreign_keys = off;`);
    this.addSql(`create table \`roles__temp_alter\` (\`organization_id\` text not null, \`id\` text not null, \`key\` text not null, \`name\` text not null, \`built_in\` integer not null, \`parent_id\` text null, \`permissions\` json not null default '[]', \`constraints\` json not null default '[]', \`version\` integer not null default 1, \`created_at\` datetime not null, primary key (\`organization_id\`, \`id\`), constraint \`roles_organization_id_foreign\` foreign key (\`organization_id\`) references \`organizations\` (\`id\`) on update no action on delete restrict, constraint \`roles_organization_id_parent_id_foreign\` foreign key (\`organization_id\`, \`parent_id\`) references \`roles\` (\`organization_id\`, \`id\`) on update no action on delete restrict);`);
    this.addSql(`insert into \`roles__temp_alter\` select \`organization_id\`, \`id\`, \`key\`, \`name\`, \`built_in\`, null as \`parent_id\`, '[]' as \`permissions\`, '[]' as \`constraints\`, 1 as \`version\`, \`created_at\` from \`roles\`;`);
    this.addSql(`drop table \`roles\`;`);
    this.addSql(`alter table \`roles__temp_alter\` rename to \`roles\`;`);
    this.addSql(`create index \`roles_organization_id_created_at_id_index\` on \`roles\` (\`organization_id\`, \`created_at\`, \`id\`);`);
    this.addSql(`create index \`roles_organization_id_parent_id_index\` on \`roles\` (\`organization_id\`, \`parent_id\`);`);
    this.addSql(`create unique index \`roles_organization_id_key_unique\` on \`roles\` (\`organization_id\`, \`key\`);`);
    this.addSql(`pragma foreign_keys = on;`);

    this.addSql(`pragma foreign_keys = off;`);
    this.addSql(`create table \`role_assignments__temp_alter\` (\`organization_id\` text not null, \`id\` text not null, \`user_id\` text not null, \`role_id\` text not null, \`department_id\` text null, \`team_id\` text null, \`scope_key\` text not null, \`valid_to\` datetime null, \`created_at\` datetime not null, \`created_by_id\` text not null, primary key (\`organization_id\`, \`id\`), constraint \`role_assignments_organization_id_user_id_foreign\` foreign key (\`organization_id\`, \`user_id\`) references \`memberships\` (\`organization_id\`, \`user_id\`) on update no action on delete restrict, constraint \`role_assignments_organization_id_role_id_foreign\` foreign key (\`organization_id\`, \`role_id\`) references \`roles\` (\`organization_id\`, \`id\`) on update no action on delete restrict, constraint \`role_assignments_organization_id_department_id_foreign\` foreign key (\`organization_id\`, \`department_id\`) references \`departments\` (\`organization_id\`, \`id\`) on update no action on delete cascade, constraint \`role_assignments_organization_id_team_id_foreign\` foreign key (\`organization_id\`, \`team_id\`) references \`teams\` (\`organization_id\`, \`id\`) on update no action on delete cascade);`);
    this.addSql(`insert into \`role_assignments__temp_alter\` select \`organization_id\`, ${newId} as \`id\`, \`user_id\`, \`role_id\`, null as \`department_id\`, null as \`team_id\`, 'organization' as \`scope_key\`, null as \`valid_to\`, \`created_at\`, \`created_by_id\` from \`role_assignments\`;`);
    this.addSql(`drop table \`role_assignments\`;`);
    this.addSql(`alter table \`role_assignments__temp_alter\` rename to \`role_assignments\`;`);
    this.addSql(`create index \`role_assignments_organization_id_created_at_id_index\` on \`role_assignments\` (\`organization_id\`, \`created_at\`, \`id\`);`);
    this.addSql(`create index \`role_assignments_organization_id_role_id_index\` on \`role_assignments\` (\`organization_id\`, \`role_id\`);`);
    this.addSql(`create index \`role_assignments_organization_id_department_id_index\` on \`role_assignments\` (\`organization_id\`, \`department_id\`);`);
    this.addSql(`create index \`role_assignments_organization_id_team_id_index\` on \`role_assignments\` (\`organization_id\`, \`team_id\`);`);
    this.addSql(`create unique index \`role_assignments_organization_id_user_id_role_id_scope_key_unique\` on \`role_assignments\` (\`organization_id\`, \`user_id\`, \`role_id\`, \`scope_key\`);`);
    this.addSql(`pragma foreign_keys = on;`);
  }

  override down(): void | Promise<void> {
    this.addSql(`drop index \`role_assignments_organization_id_created_at_id_index\`;`);
    this.addSql(`drop index \`role_assignments_organization_id_role_id_index\`;`);
    this.addSql(`drop index \`role_assignments_organization_id_department_id_index\`;`);
    this.addSql(`drop index \`role_assignments_organization_id_team_id_index\`;`);
    this.addSql(`drop index \`role_assignments_organization_id_user_id_role_id_scope_key_unique\`;`);
    this.addSql(`drop index \`primary\`;`);
    this.addSql(`alter table \`role_assignments\` drop column \`id\`;`);
    this.addSql(`alter table \`role_assignments\` drop column \`department_id\`;`);
    this.addSql(`alter table \`role_assignments\` drop column \`team_id\`;`);
    this.addSql(`alter table \`role_assignments\` drop column \`scope_key\`;`);
    this.addSql(`alter table \`role_assignments\` drop column \`valid_to\`;`);
    this.addSql(`alter table \`role_assignments\` add primary key (\`organization_id\`, \`user_id\`, \`role_id\`);`);

    this.addSql(`drop index \`roles_organization_id_created_at_id_index\`;`);
    this.addSql(`drop index \`roles_organization_id_parent_id_index\`;`);
    this.addSql(`alter table \`roles\` drop column \`parent_id\`;`);
    this.addSql(`alter table \`roles\` drop column \`permissions\`;`);
    this.addSql(`alter table \`roles\` drop column \`constraints\`;`);
    this.addSql(`alter table \`roles\` drop column \`version\`;`);
  }

}
