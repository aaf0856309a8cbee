import { Migration } from '@mikro-orm/migrations';

export class Migration20261121184351_identity extends Migration {

  override name = 'Migration20261121184351_identity';

  override up(): void | Promise<void> {
    this.addSql(`create table \`throttles\` (\`key\` text not null primary key, \`tries\` json not null, \`expires_at\` datetime not null);`);
    this.addSql(`create index \`throttles_expires_at_index\` on \`throttles\` (\`expires_at\`);`);

    this.addSql(`create table \`email_changes\` (\`id\` text not null primary key, \`user_id\` text not null, \`from_email\` text not null, \`from_email_key\` text not null, \`to_email\` text not null, \`status\` text check (\`status\` in ('pending', 'confirmed', 'undone', 'replaced')) not null, \`expires_at\` datetime not null, \`undo_until\` datetime null, \`created_at\` datetime not null, constraint \`email_changes_user_id_foreign\` foreign key (\`user_id\`) references \`users\` (\`id\`) on update no action on delete cascade);`);
    this.addSql(`create index \`email_changes_user_id_index\` on \`email_changes\` (\`user_id\`);`);
    this.addSql(`create index \`email_changes_from_email_key_index\` on \`email_changes\` (\`from_email_key\`);`);

    this.addSql(`alter table \`users\` add column \`instance_admin_since\` datetime null;`);

    this.addSql(`alter table \`memberships\` add column \`sessions_ended_at\` datetime null;`);
  }

  override down(): void | Promise<void> {
    this.addSql(`drop table if exists \`throttles\`;`);
    this.addSql(`drop table if exists \`email_changes\`;`);

    this.addSql(`alter table \`memberships\` drop column \`sessions_ended_at\`;`);

    this.addSql(`alter table \`users\` drop column \`instance_admin_since\`;`);
  }

}
