import { Migration } from '@mikro-orm/migrations';

export class Migration20261121232947_role_assignments_of_user extends Migration {

  override name = 'Migration20261121232947_role_assignments_of_user';

  override up(): void | Promise<void> {
    this.addSql(`create index \`role_assignments_user_id_index\` on \`role_assignments\` (\`user_id\`);`);
  }

  override down(): void | Promise<void> {
    this.addSql(`drop index \`role_assignments_user_id_index\`;`);
  }

}
