import { Migration } from '@mikro-orm/migrations';

export class Migration20261121183844_organizations extends Migration {

  override name = 'Migration20261121183844_organizations';

  override up(): void | Promise<void> {
    this.addSql(`alter table "memberships" add "title" varchar(255) null;`);

    this.addSql(`alter table "invitations" add "expired_at" timestamptz(3) null, add "mails_sent" int not null default 0, add "mails_since" timestamptz(3) null;`);
    this.addSql(`create index "invitations_organization_id_created_at_id_index" on "invitations" ("organization_id", "created_at", "id");`);
    this.addSql(`create index "invitations_expires_at_index" on "invitations" ("expires_at");`);

    // By hand: the tasks that are there already are counted.
    this.addSql(`alter table "tasks" no force row level security;`);
    this.addSql(`alter table "counters" no force row level security;`);
    this.addSql(`insert into "counters" ("organization_id", "name", "value") select "organization_id", 'living tasks', count(*) filter (where "deleted_at" is null) from "tasks" group by "organization_id";`);
    this.addSql(`alter table "tasks" force row level security;`);
    this.addSql(`alter table "counters" force row level security;`);
  }

  override down(): void | Promise<void> {
    this.addSql(`alter table "tasks" no force row level security;`);
    this.addSql(`alter table "counters" no force row level security;`);
    this.addSql(`delete from "counters" where "name" = 'living tasks';`);
    this.addSql(`alter table "tasks" force row level security;`);
    this.addSql(`alter table "counters" force row level security;`);

    this.addSql(`drop index "invitations_organization_id_created_at_id_index";`);
    this.addSql(`drop index "invitations_expires_at_index";`);
    this.addSql(`alter table "invitations" drop column "expired_at", drop column "mails_sent", drop column "mails_since";`);

    this.addSql(`alter table "memberships" drop column "title";`);
  }

}
