import { Migration } from '@mikro-orm/migrations';

export class Migration20261121183844_organizations extends Migration {

  override name = 'Migration20261121183844_organizations';

  override up(): void | Promise<void> {
    this.addSql(`alter table \`memberships\` add column \`title\` text null;`);

    this.addSql(`alter table \`invitations\` add column \`expired_at\` datetime null;`);
    this.addSql(`alter table \`invitations\` add column \`mails_sent\` integer not null default 0;`);
    this.addSql(`alter table \`invitations\` add column \`mails_since\` datetime null;`);
    this.addSql(`create index \`invitations_organization_id_created_at_id_index\` on \`invitations\` (\`organization_id\`, \`created_at\`, \`id\`);`);
    this.addSql(`create index \`invitations_expires_at_index\` on \`invitations\` (\`expires_at\`);`);

    // By hand: the tasks that are there already are counted.
    this.addSql(`insert into \`counters\` (\`organization_id\`, \`name\`, \`value\`) select \`organization_id\`, 'living tasks', count(*) filter (where \`deleted_at\` is null) from \`tasks\` group by \`organization_id\`;`);
  }

  override down(): void | Promise<void> {
    this.addSql(`delete from \`counters\` where \`name\` = 'living tasks';`);

    this.addSql(`drop index \`invitations_organization_id_created_at_id_index\`;`);
    this.addSql(`drop index \`invitations_expires_at_index\`;`);
    this.addSql(`alter table \`invitations\` drop column \`expired_at\`;`);
    this.addSql(`alter table \`invitations\` drop column \`mails_sent\`;`);
    this.addSql(`alter table \`invitations\` drop column \`mails_since\`;`);

    this.addSql(`alter table \`memberships\` drop column \`title\`;`);
  }

}
