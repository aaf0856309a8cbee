import { Migration } from '@mikro-orm/migrations';

export class Migration20261121183133_teams extends Migration {

  override name = 'Migration20261121183133_teams';

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

    this.addSql(`pragma foreign_keys = off;`);
    this.addSql(`create table \`tasks__temp_alter\` (\`organization_id\` text not null, \`id\` text not null, \`number\` integer not null, \`title\` text not null, \`title_sort\` text not null, \`description\` text null, \`status\` text check (\`status\` in ('todo', 'in_progress', 'in_review', 'done', 'archived')) not null, \`status_rank\` integer not null, \`priority\` text check (\`priority\` in ('low', 'medium', 'high', 'urgent', 'critical')) not null, \`priority_rank\` integer not null, \`due_date\` datetime null, \`start_date\` datetime null, \`estimated_hours\` integer null, \`actual_hours\` integer null, \`completed_at\` datetime null, \`parent_id\` text null, \`team_id\` text null, \`trash_id\` text null, \`version\` integer not null default 1, \`created_at\` datetime not null, \`created_by_id\` text not null, \`updated_at\` datetime not null, \`updated_by_id\` text not null, \`deleted_at\` datetime null, primary key (\`organization_id\`, \`id\`), constraint \`tasks_organization_id_parent_id_foreign\` foreign key (\`organization_id\`, \`parent_id\`) references \`tasks\` (\`organization_id\`, \`id\`) on update no action on delete restrict, constraint \`tasks_organization_id_team_id_foreign\` foreign key (\`organization_id\`, \`team_id\`) references \`teams\` (\`organization_id\`, \`id\`) on update no action on delete restrict, constraint \`tasks_organization_id_created_by_id_foreign\` foreign key (\`organization_id\`, \`created_by_id\`) references \`memberships\` (\`organization_id\`, \`user_id\`) on update no action on delete restrict, constraint \`tasks_organization_id_updated_by_id_foreign\` foreign key (\`organization_id\`, \`updated_by_id\`) references \`memberships\` (\`organization_id\`, \`user_id\`) on update no action on delete restrict);`);
    this.addSql(`insert into \`tasks__temp_alter\` select \`organization_id\`, \`id\`, \`number\`, \`title\`, \`title_sort\`, \`description\`, \`status\`, \`status_rank\`, \`priority\`, \`priority_rank\`, \`due_date\`, \`start_date\`, \`estimated_hours\`, \`actual_hours\`, \`completed_at\`, \`parent_id\`, null as \`team_id\`, \`trash_id\`, \`version\`, \`created_at\`, \`created_by_id\`, \`updated_at\`, \`updated_by_id\`, \`deleted_at\` from \`tasks\`;`);
    this.addSql(`drop table \`tasks\`;`);
    this.addSql(`alter table \`tasks__temp_alter\` rename to \`tasks\`;`);
    this.addSql(`create index \`tasks_organization_id_created_at_id_index\` on \`tasks\` (\`organization_id\`, \`created_at\`, \`id\`);`);
    this.addSql(`create index \`tasks_organization_id_status_created_at_id_index\` on \`tasks\` (\`organization_id\`, \`status\`, \`created_at\`, \`id\`);`);
    this.addSql(`create index \`tasks_organization_id_updated_at_id_index\` on \`tasks\` (\`organization_id\`, \`updated_at\`, \`id\`);`);
    this.addSql(`create index \`tasks_organization_id_due_date_id_index\` on \`tasks\` (\`organization_id\`, \`due_date\`, \`id\`);`);
    this.addSql(`create index \`tasks_organization_id_priority_rank_id_index\` on \`tasks\` (\`organization_id\`, \`priority_rank\`, \`id\`);`);
    this.addSql(`create index \`tasks_organization_id_status_rank_id_index\` on \`tasks\` (\`organization_id\`, \`status_rank\`, \`id\`);`);
    this.addSql(`create index \`tasks_organization_id_title_sort_id_index\` on \`tasks\` (\`organization_id\`, \`title_sort\`, \`id\`);`);
    this.addSql(`create index \`tasks_organization_id_created_by_id_id_index\` on \`tasks\` (\`organization_id\`, \`created_by_id\`, \`id\`);`);
    this.addSql(`create index \`tasks_organization_id_deleted_at_id_index\` on \`tasks\` (\`organization_id\`, \`deleted_at\`, \`id\`);`);
    this.addSql(`create index \`tasks_organization_id_parent_id_id_index\` on \`tasks\` (\`organization_id\`, \`parent_id\`, \`id\`);`);
    this.addSql(`create index \`tasks_organization_id_team_id_created_at_id_index\` on \`tasks\` (\`organization_id\`, \`team_id\`, \`created_at\`, \`id\`);`);
    this.addSql(`create index \`tasks_organization_id_trash_id_index\` on \`tasks\` (\`organization_id\`, \`trash_id\`);`);
    this.addSql(`create unique index \`tasks_organization_id_number_unique\` on \`tasks\` (\`organization_id\`, \`number\`);`);
    this.addSql(`pragma foreign_keys = on;`);
  }

  override down(): void | Promise<void> {

    this.addSql(`drop table if exists \`departments\`;`);
    this.addSql(`drop table if exists \`teams\`;`);
    this.addSql(`drop table if exists \`team_members\`;`);
    this.addSql(`drop table if exists \`department_members\`;`);

    this.addSql(`drop index \`tasks_organization_id_team_id_created_at_id_index\`;`);
    this.addSql(`alter table \`tasks\` drop column \`team_id\`;`);
  }

}
