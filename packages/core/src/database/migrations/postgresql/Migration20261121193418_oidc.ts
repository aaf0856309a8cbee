import { Migration } from '@mikro-orm/migrations';

export class Migration20261121193418_oidc extends Migration {

  override name = 'Migration20261121193418_oidc';

  override up(): void | Promise<void> {
    this.addSql(`create table "oidc_flows" ("state_hash" varchar(255) not null, "binding_hash" varchar(255) not null, "issuer_ref" varchar(255) not null, "redirect_to" text not null, "transport" text not null, "device_id" varchar(255) null, "created_at" timestamptz(3) not null, "expires_at" timestamptz(3) not null, primary key ("state_hash"));`);
    this.addSql(`create index "oidc_flows_expires_at_index" on "oidc_flows" ("expires_at");`);

    this.addSql(`create table "oidc_logout_tokens" ("hash" varchar(255) not null, "expires_at" timestamptz(3) not null, primary key ("hash"));`);
    this.addSql(`create index "oidc_logout_tokens_expires_at_index" on "oidc_logout_tokens" ("expires_at");`);

    this.addSql(`create table "oidc_sessions" ("session_id" uuid not null, "user_id" uuid not null, "issuer_ref" varchar(255) not null, "issuer" text not null, "subject" text not null, "sid" text null, primary key ("session_id"));`);
    this.addSql(`create index "oidc_sessions_issuer_subject_index" on "oidc_sessions" ("issuer", "subject");`);

    this.addSql(`create table "user_identities" ("id" uuid not null, "user_id" uuid not null, "issuer" text not null, "subject" text not null, "created_at" timestamptz(3) not null, "last_used_at" timestamptz(3) not null, primary key ("id"));`);
    this.addSql(`create index "user_identities_user_id_index" on "user_identities" ("user_id");`);
    this.addSql(`alter table "user_identities" add constraint "user_identities_issuer_subject_unique" unique ("issuer", "subject");`);

    this.addSql(`alter table "oidc_flows" add constraint "oidc_flows_transport_check" check ("transport" in ('cookie', 'body'));`);
    this.addSql(`alter table "oidc_flows" enable row level security;`);
    this.addSql(`alter table "oidc_flows" force row level security;`);
    this.addSql(`create policy "oidc_flows_system" on "oidc_flows" to "tenon_system" using (true) with check (true);`);
    this.addSql(`create policy "oidc_flows_identity" on "oidc_flows" to "tenon_identity" using (true) with check (true);`);

    this.addSql(`alter table "oidc_logout_tokens" enable row level security;`);
    this.addSql(`alter table "oidc_logout_tokens" force row level security;`);
    this.addSql(`create policy "oidc_logout_tokens_system" on "oidc_logout_tokens" to "tenon_system" using (true) with check (true);`);
    this.addSql(`create policy "oidc_logout_tokens_identity" on "oidc_logout_tokens" to "tenon_identity" using (true) with check (true);`);

    this.addSql(`alter table "oidc_sessions" add constraint "oidc_sessions_session_id_foreign" foreign key ("session_id") references "sessions" ("id") on update no action on delete cascade;`);
    this.addSql(`alter table "oidc_sessions" enable row level security;`);
    this.addSql(`alter table "oidc_sessions" force row level security;`);
    this.addSql(`create policy "oidc_sessions_system" on "oidc_sessions" to "tenon_system" using (true) with check (true);`);
    this.addSql(`create policy "oidc_sessions_identity" on "oidc_sessions" to "tenon_identity" using (true) with check (true);`);
    this.addSql(`create policy "oidc_sessions_request" on "oidc_sessions" to "tenon_request" using (oidc_sessions.user_id = (select nullif(current_setting('app.user_id', true), '')::uuid)) with check (oidc_sessions.user_id = (select nullif(current_setting('app.user_id', true), '')::uuid));`);

    this.addSql(`alter table "user_identities" add constraint "user_identities_user_id_foreign" foreign key ("user_id") references "users" ("id") on update no action on delete cascade;`);
    this.addSql(`alter table "user_identities" enable row level security;`);
    this.addSql(`alter table "user_identities" force row level security;`);
    this.addSql(`create policy "user_identities_system" on "user_identities" to "tenon_system" using (true) with check (true);`);
    this.addSql(`create policy "user_identities_identity" on "user_identities" to "tenon_identity" using (true) with check (true);`);
    this.addSql(`create policy "user_identities_request" on "user_identities" to "tenon_request" using (user_identities.user_id = (select nullif(current_setting('app.user_id', true), '')::uuid)) with check (user_identities.user_id = (select nullif(current_setting('app.user_id', true), '')::uuid));`);
  }

  override down(): void | Promise<void> {
    this.addSql(`drop table if exists "oidc_flows" cascade;`);
    this.addSql(`drop table if exists "oidc_logout_tokens" cascade;`);
    this.addSql(`drop table if exists "oidc_sessions" cascade;`);
    this.addSql(`drop table if exists "user_identities" cascade;`);
  }

}
