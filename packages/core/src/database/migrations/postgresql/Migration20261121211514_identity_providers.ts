import { Migration } from '@mikro-orm/migrations';

export class Migration20261121211514_identity_providers extends Migration {

  override name = 'Migration20261121211514_identity_providers';

  override up(): void | Promise<void> {
    this.addSql(`create table "identity_providers" ("organization_id" uuid not null, "id" uuid not null, "label" varchar(255) not null, "issuer" text not null, "client_id" text not null, "client_secret" text null, "scopes" jsonb not null, "enabled" boolean not null, "create_members" boolean not null, "default_role_id" uuid null, "role_claim" varchar(255) null, "version" int not null default 1, "created_at" timestamptz(3) not null, "created_by_id" uuid not null, "updated_at" timestamptz(3) not null, "updated_by_id" uuid not null, primary key ("organization_id", "id"));`);
    this.addSql(`create index "identity_providers_organization_id_created_at_id_index" on "identity_providers" ("organization_id", "created_at", "id");`);
    this.addSql(`create index "identity_providers_organization_id_default_role_id_index" on "identity_providers" ("organization_id", "default_role_id");`);
    this.addSql(`alter table "identity_providers" add constraint "identity_providers_id_unique" unique ("id");`);

    this.addSql(`create table "identity_provider_roles" ("organization_id" uuid not null, "identity_provider_id" uuid not null, "claim_value" varchar(255) not null, "role_id" uuid not null, primary key ("organization_id", "identity_provider_id", "claim_value", "role_id"));`);
    this.addSql(`create index "identity_provider_roles_organization_id_role_id_index" on "identity_provider_roles" ("organization_id", "role_id");`);

    this.addSql(`alter table "oidc_flows" add "session_id" uuid null;`);

    this.addSql(`alter table "sessions" add "limited_to_id" uuid null;`);

    this.addSql(`create index "oidc_sessions_issuer_ref_index" on "oidc_sessions" ("issuer_ref");`);

    this.addSql(`alter table "user_identities" drop constraint "user_identities_issuer_subject_unique";`);
    this.addSql(`alter table "user_identities" add "realm" varchar(255) not null default 'installation';`);
    this.addSql(`alter table "user_identities" add constraint "user_identities_realm_issuer_subject_unique" unique ("realm", "issuer", "subject");`);

    this.addSql(`alter table "identity_providers" add constraint "identity_providers_organization_id_default_role_id_foreign" foreign key ("organization_id", "default_role_id") references "roles" ("organization_id", "id") on update no action on delete restrict;`);
    this.addSql(`alter table "identity_providers" add constraint "identity_providers_organization_id_created_by_id_foreign" foreign key ("organization_id", "created_by_id") references "memberships" ("organization_id", "user_id") on update no action on delete restrict;`);
    this.addSql(`alter table "identity_providers" add constraint "identity_providers_organization_id_updated_by_id_foreign" foreign key ("organization_id", "updated_by_id") references "memberships" ("organization_id", "user_id") on update no action on delete restrict;`);
    this.addSql(`alter table "identity_providers" enable row level security;`);
    this.addSql(`alter table "identity_providers" force row level security;`);
    this.addSql(`create policy "identity_providers_system" on "identity_providers" to "tenon_system" using (true) with check (true);`);
    this.addSql(`create policy "identity_providers_identity" on "identity_providers" to "tenon_identity" using (true) with check (true);`);
    this.addSql(`create policy "identity_providers_request" on "identity_providers" to "tenon_request" using (identity_providers.organization_id = (select nullif(current_setting('app.organization_id', true), '')::uuid)) with check (identity_providers.organization_id = (select nullif(current_setting('app.organization_id', true), '')::uuid));`);

    this.addSql(`alter table "identity_provider_roles" add constraint "identity_provider_roles_organization_id_identity_a0151_foreign" foreign key ("organization_id", "identity_provider_id") references "identity_providers" ("organization_id", "id") on update no action on delete cascade;`);
    this.addSql(`alter table "identity_provider_roles" add constraint "identity_provider_roles_organization_id_role_id_foreign" foreign key ("organization_id", "role_id") references "roles" ("organization_id", "id") on update no action on delete restrict;`);
    this.addSql(`alter table "identity_provider_roles" enable row level security;`);
    this.addSql(`alter table "identity_provider_roles" force row level security;`);
    this.addSql(`create policy "identity_provider_roles_system" on "identity_provider_roles" to "tenon_system" using (true) with check (true);`);
    this.addSql(`create policy "identity_provider_roles_identity" on "identity_provider_roles" to "tenon_identity" using (true) with check (true);`);
    this.addSql(`create policy "identity_provider_roles_request" on "identity_provider_roles" to "tenon_request" using (identity_provider_roles.organization_id = (select nullif(current_setting('app.organization_id', true), '')::uuid)) with check (identity_provider_roles.organization_id = (select nullif(current_setting('app.organization_id', true), '')::uuid));`);
  }

  override down(): void | Promise<void> {
    // What an older version does not know to be limited must not outlive this one.
    this.addSql(`delete from "sessions" where "limited_to_id" is not null;`);
    this.addSql(`delete from "user_identities" where "realm" <> 'installation';`);
    this.addSql(`alter table "identity_provider_roles" drop constraint "identity_provider_roles_organization_id_identity_a0151_foreign";`);

    this.addSql(`drop table if exists "identity_providers" cascade;`);
    this.addSql(`drop table if exists "identity_provider_roles" cascade;`);

    this.addSql(`alter table "oidc_flows" drop column "session_id";`);

    this.addSql(`drop index "oidc_sessions_issuer_ref_index";`);

    this.addSql(`alter table "sessions" drop column "limited_to_id";`);

    this.addSql(`alter table "user_identities" drop constraint "user_identities_realm_issuer_subject_unique";`);
    this.addSql(`alter table "user_identities" drop column "realm";`);
    this.addSql(`alter table "user_identities" add constraint "user_identities_issuer_subject_unique" unique ("issuer", "subject");`);
  }

}
