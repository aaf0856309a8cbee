import { Migration } from '@mikro-orm/migrations';

export class Migration20261121193418_oidc extends Migration {

  override name = 'Migration20261121193418_oidc';

  override up(): void | Promise<void> {
    this.addSql(`create table \`oidc_flows\` (\`state_hash\` text not null primary key, \`binding_hash\` text not null, \`issuer_ref\` text not null, \`redirect_to\` text not null, \`transport\` text check (\`transport\` in ('cookie', 'body')) not null, \`device_id\` text null, \`created_at\` datetime not null, \`expires_at\` datetime not null);`);
    this.addSql(`create index \`oidc_flows_expires_at_index\` on \`oidc_flows\` (\`expires_at\`);`);

    this.addSql(`create table \`oidc_logout_tokens\` (\`hash\` text not null primary key, \`expires_at\` datetime not null);`);
    this.addSql(`create index \`oidc_logout_tokens_expires_at_index\` on \`oidc_logout_tokens\` (\`expires_at\`);`);

    this.addSql(`create table \`oidc_sessions\` (\`session_id\` text not null primary key, \`user_id\` text not null, \`issuer_ref\` text not null, \`issuer\` text not null, \`subject\` text not null, \`sid\` text null, constraint \`oidc_sessions_session_id_foreign\` foreign key (\`session_id\`) references \`sessions\` (\`id\`) on update no action on delete cascade);`);
    this.addSql(`create index \`oidc_sessions_issuer_subject_index\` on \`oidc_sessions\` (\`issuer\`, \`subject\`);`);

    this.addSql(`create table \`user_identities\` (\`id\` text not null primary key, \`user_id\` text not null, \`issuer\` text not null, \`subject\` text not null, \`created_at\` datetime not null, \`last_used_at\` datetime not null, constraint \`user_identities_user_id_foreign\` foreign key (\`user_id\`) references \`users\` (\`id\`) on update no action on delete cascade);`);
    this.addSql(`create index \`user_identities_user_id_index\` on \`user_identities\` (\`user_id\`);`);
    this.addSql(`create unique index \`user_identities_issuer_subject_unique\` on \`user_identities\` (\`issuer\`, \`subject\`);`);
  }

  override down(): void | Promise<void> {
    this.addSql(`drop table if exists \`oidc_flows\`;`);
    this.addSql(`drop table if exists \`oidc_logout_tokens\`;`);
    this.addSql(`drop table if exists \`oidc_sessions\`;`);
    this.addSql(`drop table if exists \`user_identities\`;`);
  }

}
