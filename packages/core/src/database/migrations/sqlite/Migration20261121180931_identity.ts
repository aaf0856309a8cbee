import { Migration } from '@mikro-orm/migrations';

export class Migration20261121180931_identity extends Migration {

  override name = 'Migration20261121180931_identity';

  override up(): void | Promise<void> {
    this.addSql(`create table \`throttles\` (\`key\` text not null primary key, \`tries\` json not null, \`expires_at\` datetime not null);`);
    this.addSql(`create index \`throttles_expires_at_index\` on \`throttles\` (\`expires_at\`);`);

    this.addSql(`alter table \`memberships\` add column \`sessions_ended_at\` datetime null;`);
  }

  override down(): void | Promise<void> {
    this.addSql(`drop table if exists \`throttles\`;`);

    this.addSql(`alter table \`memberships\` drop column \`sessions_ended_at\`;`);
  }

}
