import { Migration } from '@mikro-orm/migrations';

export class Migration20261121180133_identity extends Migration {

  override name = 'Migration20261121180133_identity';

  override up(): void | Promise<void> {
    this.addSql(`alter table \`memberships\` add column \`sessions_ended_at\` datetime null;`);
  }

  override down(): void | Promise<void> {
    this.addSql(`alter table \`memberships\` drop column \`sessions_ended_at\`;`);
  }

}
