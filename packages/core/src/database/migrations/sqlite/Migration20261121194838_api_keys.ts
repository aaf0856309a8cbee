import { Migration } from '@mikro-orm/migrations';

export class Migration20261121194838_api_keys extends Migration {

  override name = 'Migration20261121194838_api_keys';

  override up(): void | Promise<void> {
    this.addSql(`create table \`service_accounts\` (\`organization_id\` text not null, \`user_id\` text not null, \`created_at\` datetime not null, \`created_by_id\` text not null, primary key (\`organization_id\`, \`user_id\`), constraint \`service_accounts_organization_id_user_id_foreign\` foreign key (\`organization_id\`, \`user_id\`) references \`memberships\` (\`organization_id\`, \`user_id\`) on update no action on delete restrict, constraint \`service_accounts_organization_id_created_by_id_foreign\` foreign key (\`organization_id\`, \`created_by_id\`) references \`memberships\` (\`organization_id\`, \`user_id\`) on update no action on delete restrict);`);

    this.addSql(`create table \`api_keys\` (\`organization_id\` text not null, \`id\` text not null, \`name\` text not null, \`prefix\` text not null, \`secret_hash\` text not null, \`user_id\` text not null, \`scopes\` json not null, \`expires_at\` datetime null, \`last_used_at\` datetime null, \`is_active\` integer not null, \`version\` integer not null default 1, \`created_at\` datetime not null, \`created_by_id\` text not null, \`updated_at\` datetime not null, \`updated_by_id\` text not null, primary key (\`organization_id\`, \`id\`), constraint \`api_keys_organization_id_user_id_foreign\` foreign key (\`organization_id\`, \`user_id\`) references \`memberships\` (\`organization_id\`, \`user_id\`) on update no action on delete restrict, constraint \`api_keys_organization_id_created_by_id_foreign\` foreign key (\`organization_id\`, \`created_by_id\`) references \`memberships\` (\`organization_id\`, \`user_id\`) on update no action on delete restrict, constraint \`api_keys_organization_id_updated_by_id_foreign\` foreign key (\`organization_id\`, \`updated_by_id\`) references \`memberships\` (\`organization_id\`, \`user_id\`) on update no action on delete restrict);`);
    this.addSql(`create unique index \`api_keys_secret_hash_unique\` on \`api_keys\` (\`secret_hash\`);`);
    this.addSql(`create index \`api_keys_organization_id_created_at_id_index\` on \`api_keys\` (\`organization_id\`, \`created_at\`, \`id\`);`);
    this.addSql(`create index \`api_keys_organization_id_user_id_index\` on \`api_keys\` (\`organization_id\`, \`user_id\`);`);

    this.addSql(`alter table \`events\` add column \`api_key_id\` text null;`);

    this.addSql(`pragma foreign_keys = off;`);
    this.addSql(`create table \`users__temp_alter\` (\`id\` text not null primary key, \`kind\` text check (\`kind\` in ('person', 'service')) not null default 'person', \`email\` text not null, \`email_key\` text not null, \`email_verified_at\` datetime null, \`username\` text null, \`username_key\` text null, \`full_name\` text null, \`name_key\` text null, \`locale\` text not null, \`timezone\` text not null, \`avatar_url\` text null, \`is_active\` integer not null, \`last_login_at\` datetime null, \`instance_admin_since\` datetime null, \`created_at\` datetime not null, \`updated_at\` datetime not null);`);
    this.addSql(`insert into \`users__temp_alter\` select \`id\`, 'person' as \`kind\`, \`email\`, \`email_key\`, \`email_verified_at\`, \`username\`, \`username_key\`, \`full_name\`, \`name_key\`, \`locale\`, \`timezone\`, \`avatar_url\`, \`is_active\`, \`last_login_at\`, \`instance_admin_since\`, \`created_at\`, \`updated_at\` from \`users\`;`);
    this.addSql(`drop table \`users\`;`);
    this.addSql(`alter table \`users__temp_alter\` rename to \`users\`;`);
    this.addSql(`create unique index \`users_email_key_unique\` on \`users\` (\`email_key\`);`);
    this.addSql(`create unique index \`users_username_key_unique\` on \`users\` (\`username_key\`);`);
    this.addSql(`pragma foreign_keys = on;`);
  }

  override down(): void | Promise<void> {
    this.addSql(`drop table if exists \`service_accounts\`;`);
    this.addSql(`drop table if exists \`api_keys\`;`);

    this.addSql(`alter table \`events\` drop column \`api_key_id\`;`);

    this.addSql(`pragma foreign_keys = off;`);
    this.addSql(`create table \`users__temp_alter\` (\`avatar_url\` text null, \`created_at\` datetime not null, \`email\` text not null, \`email_key\` text not null, \`email_verified_at\` datetime null, \`full_name\` text null, \`id\` text not null primary key, \`instance_admin_since\` datetime null, \`is_active\` integer not null, \`last_login_at\` datetime null, \`locale\` text not null, \`name_key\` text null, \`timezone\` text not null, \`updated_at\` datetime not null, \`username\` text null, \`username_key\` text null);`);
    this.addSql(`insert into \`users__temp_alter\` select \`avatar_url\`, \`created_at\`, \`email\`, \`email_key\`, \`email_verified_at\`, \`full_name\`, \`id\`, \`instance_admin_since\`, \`is_active\`, \`last_login_at\`, \`locale\`, \`name_key\`, \`timezone\`, \`updated_at\`, \`username\`, \`username_key\` from \`users\`;`);
    this.addSql(`drop table \`users\`;`);
    this.addSql(`alter table \`users__temp_alter\` rename to \`users\`;`);
    this.addSql(`create unique index \`users_email_key_unique\` on \`users\` (\`email_key\`);`);
    this.addSql(`create unique index \`users_username_key_unique\` on \`users\` (\`username_key\`);`);
    this.addSql(`pragma foreign_keys = on;`);
  }

}
