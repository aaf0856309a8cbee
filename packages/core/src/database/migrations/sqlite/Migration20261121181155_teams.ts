import { Migration } from '@mikro-orm/migrations';

export class Migration20261121181155_teams extends Migration {

  override name = 'Migration20261121181155_teams';

  override up(): void | Promise<void> {
    this.addSql(`create table \`departments\` (\`organization_id\` text not null, \`id\` text not null, \`name\` text not null, \`name_sort\` text not null, \`sibling_key\` text not null, \`description\` text null, \`parent_id\` text null, \`path_sort\` text not null, \`head_user_id\` text null, \`version\` integer not null default 1, \`created_at\` datetime not null, \`created_by_id\` text not null, \`updated_at\` datetime not null, \`updated_by_id\` text not null, primary key (\`organization_id\`, \`id\`), constraint \`departments_organization_id_parent_id_foreign\` foreign key (\`organization_id\`, \`parent_id\`) references \`departments\` (\`organization_id\`, \`id\`) on update no action on delete restrict, constraint \`departments_organization_id_head_user_id_foreign\` foreign key (\`organization_id\`, \`head_user_id\`) references \`memberships\` (\`organization_id\`, \`user_id\`) on update no action on delete restrict, constraint \`departments_organization_id_created_by_id_foreign\` foreign key (\`organization_id\`, \`created_by_id\`) references \`memberships\` (\`organization_id\`, \`user_id\`) on update no action on delete restrict, constraint \`departments_organization_id_updated_by_id_foreign\` foreign key (\`organization_id\`, \`updated_by_id\`) references \`memberships\` (\`organization_id\`, \`user_id\`) on update no action on delete restrict);`);
    this.addSql(`create index \`departments_organization_id_path_sort_index\` on \`departments\` (\`organization_id\`, \`path_sort\`);`);
    this.addSql(`create index \`departments_organization_id_parent_id_id_index\` on \`departments\` (\`organization_id\`, \`parent_id\`, \`id\`);`);
    this.addSql(`create index \`departments_organization_id_head_user_id_index\` on \`departments\` (\`organization_id\`, \`head_user_id\`);`);
    this.addSql(`create index \`departments_organization_id_created_at_id_index\` on \`departments\` (\`organization_id\`, \`created_at\`, \`id\`);`);
    this.addSql(`create index \`departments_organization_id_name_sort_id_index\` on \`departments\` (\`organization_id\`, \`name_sort\`, \`id\`);`);
    this.addSql(`create unique index \`departments_organization_id_sibling_key_unique\` on \`departments\` (\`organization_id\`, \`sibling_key\`);`);

    this.addSql(`create table \`teams\` (\`organization_id\` text not null, \`id\` text not null, \`name\` text not null, \`name_sort\` text not null, \`description\` text null, \`department_id\` text null, \`version\` integer not null default 1, \`created_at\` datetime not null, \`created_by_id\` text not null, \`updated_at\` datetime not null, \`updated_by_id\` text not null, primary key (\`organization_id\`, \`id\`), constraint \`teams_organization_id_department_id_foreign\` foreign key (\`organization_id\`, \`department_id\`) references \`departments\` (\`organization_id\`, \`id\`) on update no action on delete restrict, constraint \`teams_organization_id_created_by_id_foreign\` foreign key (\`organization_id\`, \`created_by_id\`) references \`memberships\` (\`organization_id\`, \`user_id\`) on update no action on delete restrict, constraint \`teams_organization_id_updated_by_id_foreign\` foreign key (\`organization_id\`, \`updated_by_id\`) references \`memberships\` (\`organization_id\`, \`user_id\`) on update no action on delete restrict);`);
    this.addSql(`create index \`teams_organization_id_department_id_id_index\` on \`teams\` (\`organization_id\`, \`department_id\`, \`id\`);`);
    this.addSql(`create index \`teams_organization_id_created_at_id_index\` on \`teams\` (\`organization_id\`, \`created_at\`, \`id\`);`);
    this.addSql(`create unique index \`teams_organization_id_name_sort_unique\` on \`teams\` (\`organization_id\`, \`name_sort\`);`);

    this.addSql(`create table \`team_members\` (\`organization_id\` text not null, \`team_id\` text not null, \`user_id\` text not null, \`added_at\` datetime not null, \`added_by_id\` text not null, primary key (\`organization_id\`, \`team_id\`, \`user_id\`), constraint \`team_members_organization_id_team_id_foreign\` foreign key (\`organization_id\`, \`team_id\`) references \`teams\` (\`organization_id\`, \`id\`) on update no action on delete cascade, constraint \`team_members_organization_id_user_id_foreign\` foreign key (\`organization_id\`, \`user_id\`) references \`memberships\` (\`organization_id\`, \`user_id\`) on update no action on delete restrict, constraint \`team_members_organization_id_added_by_id_foreign\` foreign key (\`organization_id\`, \`added_by_id\`) references \`memberships\` (\`organization_id\`, \`user_id\`) on update no action on delete restrict);`);
    this.addSql(`create index \`team_members_organization_id_team_id_added_at_user_id_index\` on \`team_members\` (\`organization_id\`, \`team_id\`, \`added_at\`, \`user_id\`);`);
    this.addSql(`create index \`team_members_organization_id_user_id_team_id_index\` on \`team_members\` (\`organization_id\`, \`user_id\`, \`team_id\`);`);

    this.addSql(`create table \`department_members\` (\`organization_id\` text not null, \`user_id\` text not null, \`department_id\` text not null, \`added_at\` datetime not null, \`added_by_id\` text not null, primary key (\`organization_id\`, \`user_id\`), constraint \`department_members_organization_id_department_id_foreign\` foreign key (\`organization_id\`, \`department_id\`) references \`departments\` (\`organization_id\`, \`id\`) on update no action on delete restrict, constraint \`department_members_organization_id_user_id_foreign\` foreign key (\`organization_id\`, \`user_id\`) references \`memberships\` (\`organization_id\`, \`user_id\`) on update no action on delete restrict, constraint \`department_members_organization_id_added_by_id_foreign\` foreign key (\`organization_id\`, \`added_by_id\`) references \`memberships\` (\`organization_id\`, \`user_id\`) on update no action on delete restrict);`);
    this.addSql(`create index \`department_members_organization_id_department_id_added_at_user_id_index\` on \`department_members\` (\`organization_id\`, \`department_id\`, \`added_at\`, \`user_id\`);`);
  }

  override down(): void | Promise<void> {

    this.addSql(`drop table if exists \`departments\`;`);
    this.addSql(`drop table if exists \`teams\`;`);
    this.addSql(`drop table if exists \`team_members\`;`);
    this.addSql(`drop table if exists \`department_members\`;`);
  }

}
