import { Migration } from '@mikro-orm/migrations';

export class Migration20261121181215_organizations extends Migration {

  override name = 'Migration20261121181215_organizations';

  override up(): void | Promise<void> {
    this.addSql(`alter table \`memberships\` add column \`title\` text null;`);
  }

  override down(): void | Promise<void> {
    this.addSql(`alter table \`memberships\` drop column \`title\`;`);
  }

}
