import { Migration } from '@mikro-orm/migrations';

export class Migration20261121193041_second_factor extends Migration {

  override name = 'Migration20261121193041_second_factor';

  override up(): void | Promise<void> {
    this.addSql(`create table \`totp_credentials\` (\`user_id\` text not null primary key, \`secret\` text not null, \`created_at\` datetime not null, \`confirmed_at\` datetime null, \`last_used_step\` integer null, constraint \`totp_credentials_user_id_foreign\` foreign key (\`user_id\`) references \`users\` (\`id\`) on update no action on delete cascade);`);

    this.addSql(`create table \`sign_in_challenges\` (\`token_hash\` text not null primary key, \`purpose\` text not null, \`user_id\` text null, \`proof\` text null, \`wrong_answers\` integer not null, \`created_at\` datetime not null, \`expires_at\` datetime not null, constraint \`sign_in_challenges_user_id_foreign\` foreign key (\`user_id\`) references \`users\` (\`id\`) on update no action on delete cascade);`);
    this.addSql(`create index \`sign_in_challenges_user_id_index\` on \`sign_in_challenges\` (\`user_id\`);`);
    this.addSql(`create index \`sign_in_challenges_expires_at_index\` on \`sign_in_challenges\` (\`expires_at\`);`);

    this.addSql(`create table \`recovery_codes\` (\`hash\` text not null primary key, \`user_id\` text not null, \`created_at\` datetime not null, \`used_at\` datetime null, constraint \`recovery_codes_user_id_foreign\` foreign key (\`user_id\`) references \`users\` (\`id\`) on update no action on delete cascade);`);
    this.addSql(`create index \`recovery_codes_user_id_index\` on \`recovery_codes\` (\`user_id\`);`);

    this.addSql(`create table \`passkeys\` (\`id\` text not null primary key, \`user_id\` text not null, \`name\` text not null, \`credential_id\` text not null, \`public_key\` text not null, \`sign_count\` double not null, \`transports\` json not null, \`is_backed_up\` integer not null, \`created_at\` datetime not null, \`last_used_at\` datetime null, constraint \`passkeys_user_id_foreign\` foreign key (\`user_id\`) references \`users\` (\`id\`) on update no action on delete cascade);`);
    this.addSql(`create unique index \`passkeys_credential_id_unique\` on \`passkeys\` (\`credential_id\`);`);
    this.addSql(`create index \`passkeys_user_id_index\` on \`passkeys\` (\`user_id\`);`);
  }

  override down(): void | Promise<void> {
    this.addSql(`drop table if exists \`totp_credentials\`;`);
    this.addSql(`drop table if exists \`sign_in_challenges\`;`);
    this.addSql(`drop table if exists \`recovery_codes\`;`);
    this.addSql(`drop table if exists \`passkeys\`;`);
  }

}
