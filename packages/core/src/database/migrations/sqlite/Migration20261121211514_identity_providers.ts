import { Migration } from '@mikro-orm/migrations';

export class Migration20261121211514_identity_providers extends Migration {

  override name = 'Migration20261121211514_identity_providers';

  override up(): void | Promise<void> {
    this.addSql(`create table \`identity_providers\` (\`organization_id\` text not null, \`id\` text not null, \`label\` text not null, \`issuer\` text not null, \`client_id\` text not null, \`client_secret\` text null, \`scopes\` json not null, \`enabled\` integer not null, \`create_members\` integer not null, \`default_role_id\` text null, \`role_claim\` text null, \`version\` integer not null default 1, \`created_at\` datetime not null, \`created_by_id\` text not null, \`updated_at\` datetime not null, \`updated_by_id\` text not null, primary key (\`organization_id\`, \`id\`), constraint \`identity_providers_organization_id_default_role_id_foreign\` foreign key (\`organization_id\`, \`default_role_id\`) references \`roles\` (\`organization_id\`, \`id\`) on update no action on delete restrict, constraint \`identity_providers_organization_id_created_by_id_foreign\` foreign key (\`organization_id\`, \`created_by_id\`) references \`memberships\` (\`organization_id\`, \`user_id\`) on update no action on delete restrict, constraint \`identity_providers_organization_id_updated_by_id_foreign\` foreign key (\`organization_id\`, \`updated_by_id\`) references \`memberships\` (\`organization_id\`, \`user_id\`) on update no action on delete restrict);`);
    this.addSql(`create index \`identity_providers_organization_id_created_at_id_index\` on \`identity_providers\` (\`organization_id\`, \`created_at\`, \`id\`);`);
    this.addSql(`create index \`identity_providers_organization_id_default_role_id_index\` on \`identity_providers\` (\`organization_id\`, \`default_role_id\`);`);
    this.addSql(`create unique index \`identity_providers_id_unique\` on \`identity_providers\` (\`id\`);`);

    this.addSql(`create table \`identity_provider_roles\` (\`organization_id\` text not null, \`identity_provider_id\` text not null, \`claim_value\` text not null, \`role_id\` text not null, primary key (\`organization_id\`, \`identity_provider_id\`, \`claim_value\`, \`role_id\`), constraint \`identity_provider_roles_organization_id_identity_provider_id_foreign\` foreign key (\`organization_id\`, \`identity_provider_id\`) references \`identity_providers\` (\`organization_id\`, \`id\`) on update no action on delete cascade, constraint \`identity_provider_roles_organization_id_role_id_foreign\` foreign key (\`organization_id\`, \`role_id\`) references \`roles\` (\`organization_id\`, \`id\`) on update no action on delete restrict);`);
    this.addSql(`create index \`identity_provider_roles_organization_id_role_id_index\` on \`identity_provider_roles\` (\`organization_id\`, \`role_id\`);`);

    this.addSql(`alter table \`oidc_flows\` add column \`session_id\` text null;`);

    this.addSql(`alter table \`sessions\` add column \`limited_to_id\` text null;`);

    this.addSql(`create index \`oidc_sessions_issuer_ref_index\` on \`oidc_sessions\` (\`issuer_ref\`);`);

    this.addSql(`drop index \`user_identities_issuer_subject_unique\`;`);
    this.addSql(`alter table \`user_identities\` add column \`realm\` text not null default 'installation';`);
    this.addSql(`create unique index \`user_identities_realm_issuer_subject_unique\` on \`user_identities\` (\`realm\`, \`issuer\`, \`subject\`);`);
  }

  override down(): void | Promise<void> {
    // What an older version does not know to be limited must not outlive this one.
    this.addSql(`delete from \`sessions\` where \`limited_to_id\` is not null;`);
    this.addSql(`delete from \`user_identities\` where \`realm\` <> 'installation';`);

    this.addSql(`drop table if exists \`identity_providers\`;`);
    this.addSql(`drop table if exists \`identity_provider_roles\`;`);

    this.addSql(`alter table \`oidc_flows\` drop column \`session_id\`;`);

    this.addSql(`drop index \`oidc_sessions_issuer_ref_index\`;`);

    this.addSql(`alter table \`sessions\` drop column \`limited_to_id\`;`);

    this.addSql(`drop index \`user_identities_realm_issuer_subject_unique\`;`);
    this.addSql(`alter table \`user_identities\` drop column \`realm\`;`);
    this.addSql(`create unique index \`user_identities_issuer_subject_unique\` on \`user_identities\` (\`issuer\`, \`subject\`);`);
  }

}
