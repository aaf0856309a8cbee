import { Migration } from '@mikro-orm/migrations';

export class Migration20261121192658_api_keys extends Migration {

  override name = 'Migration20261121192658_api_keys';

  override up(): void | Promise<void> {
    this.addSql(`create table \`api_keys\` (\`organization_id\` text not null, \`id\` text not null, \`name\` text not null, \`prefix\` text not null, \`secret_hash\` text not null, \`user_id\` text not null, \`scopes\` json not null, \`expires_at\` datetime null, \`last_used_at\` datetime null, \`is_active\` integer not null, \`version\` integer not null default 1, \`created_at\` datetime not null, \`created_by_id\` text not null, \`updated_at\` datetime not null, \`updated_by_id\` text not null, primary key (\`organization_id\`, \`id\`), constraint \`api_keys_organization_id_user_id_foreign\` foreign key (\`organization_id\`, \`user_id\`) references \`memberships\` (\`organization_id\`, \`user_id\`) on update no action on delete restrict, constraint \`api_keys_organization_id_created_by_id_foreign\` foreign key (\`organization_id\`, \`created_by_id\`) references \`memberships\` (\`organization_id\`, \`user_id\`) on update no action on delete restrict, constraint \`api_keys_organization_id_updated_by_id_foreign\` foreign key (\`organization_id\`, \`updated_by_id\`) references \`memberships\` (\`organization_id\`, \`user_id\`) on update no action on delete restrict);`);
    this.addSql(`create unique index \`api_keys_secret_hash_unique\` on \`api_keys\` (\`secret_hash\`);`);
    this.addSql(`create index \`api_keys_organization_id_created_at_id_index\` on \`api_keys\` (\`organization_id\`, \`created_at\`, \`id\`);`);
    this.addSql(`create index \`api_keys_organization_id_user_id_index\` on \`api_keys\` (\`organization_id\`, \`user_id\`);`);

    this.addSql(`alter table \`events\` add column \`api_key_id\` text null;`);
  }

  override down(): void | Promise<void> {
    this.addSql(`drop table if exists \`api_keys\`;`);

    this.addSql(`alter table \`events\` drop column \`api_key_id\`;`);
  }

}
