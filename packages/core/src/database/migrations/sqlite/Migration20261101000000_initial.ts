import { Migration } from '@mikro-orm/migrations';

export class Migration20261101000000_initial extends Migration {

  override name = 'Migration20261101000000_initial';

  override up(): void | Promise<void> {
    this.addSql(`create table \`counters\` (\`organization_id\` text not null, \`name\` text not null, \`value\` integer not null, primary key (\`organization_id\`, \`name\`));`);

    this.addSql(`create table \`events\` (\`id\` text not null primary key, \`organization_id\` text null, \`type\` text not null, \`actor_id\` text null, \`api_key_id\` text null, \`entity_type\` text not null, \`entity_id\` text not null, \`parent_type\` text null, \`parent_id\` text null, \`request_id\` text not null, \`payload_hash\` text not null, \`at\` datetime not null);`);
    this.addSql(`create index \`events_organization_id_entity_id_id_index\` on \`events\` (\`organization_id\`, \`entity_id\`, \`id\`);`);
    this.addSql(`create index \`events_organization_id_parent_id_id_index\` on \`events\` (\`organization_id\`, \`parent_id\`, \`id\`);`);
    this.addSql(`create index \`events_organization_id_id_index\` on \`events\` (\`organization_id\`, \`id\`);`);

    this.addSql(`create table \`event_payloads\` (\`event_id\` text not null primary key, \`organization_id\` text null, \`salt\` text not null, \`payload\` json not null, constraint \`event_payloads_event_id_foreign\` foreign key (\`event_id\`) references \`events\` (\`id\`) on update no action on delete cascade);`);

    this.addSql(`create table \`idempotency_keys\` (\`user_id\` text not null, \`scope\` text not null, \`procedure\` text not null, \`key\` text not null, \`fingerprint\` text not null, \`answer\` json null, \`created_at\` datetime not null, primary key (\`user_id\`, \`scope\`, \`procedure\`, \`key\`));`);
    this.addSql(`create index \`idempotency_keys_created_at_index\` on \`idempotency_keys\` (\`created_at\`);`);

    this.addSql(`create table \`jobs\` (\`id\` text not null primary key, \`organization_id\` text null, \`user_id\` text null, \`api_key_id\` text null, \`kind\` text not null, \`payload\` json not null, \`priority\` integer not null, \`run_at\` datetime not null, \`attempts\` integer not null, \`max_attempts\` integer not null, \`leased_until\` datetime null, \`finished_at\` datetime null, \`status\` text check (\`status\` in ('waiting', 'done', 'dead', 'cancelled')) not null, \`done\` integer not null, \`progress\` integer null, \`result\` json null, \`error\` text null, \`unique_key\` text null, \`created_at\` datetime not null);`);
    this.addSql(`create unique index \`jobs_unique_key_unique\` on \`jobs\` (\`unique_key\`);`);
    this.addSql(`create index \`jobs_status_priority_run_at_index\` on \`jobs\` (\`status\`, \`priority\`, \`run_at\`);`);
    this.addSql(`create index \`jobs_finished_at_index\` on \`jobs\` (\`finished_at\`);`);

    this.addSql(`create table \`oidc_flows\` (\`state_hash\` text not null primary key, \`binding_hash\` text not null, \`issuer_ref\` text not null, \`redirect_to\` text not null, \`transport\` text check (\`transport\` in ('cookie', 'body')) not null, \`device_id\` text null, \`session_id\` text null, \`created_at\` datetime not null, \`expires_at\` datetime not null);`);
    this.addSql(`create index \`oidc_flows_expires_at_index\` on \`oidc_flows\` (\`expires_at\`);`);

    this.addSql(`create table \`oidc_logout_tokens\` (\`hash\` text not null primary key, \`expires_at\` datetime not null);`);
    this.addSql(`create index \`oidc_logout_tokens_expires_at_index\` on \`oidc_logout_tokens\` (\`expires_at\`);`);

    this.addSql(`create table \`throttles\` (\`key\` text not null primary key, \`tries\` json not null, \`expires_at\` datetime not null);`);
    this.addSql(`create index \`throttles_expires_at_index\` on \`throttles\` (\`expires_at\`);`);

    this.addSql(`create table \`users\` (\`id\` text not null primary key, \`kind\` text check (\`kind\` in ('person', 'service')) not null default 'person', \`email\` text not null, \`email_key\` text not null, \`email_verified_at\` datetime null, \`username\` text null, \`username_key\` text null, \`full_name\` text null, \`name_key\` text null, \`locale\` text not null, \`timezone\` text not null, \`avatar_url\` text null, \`is_active\` integer not null, \`last_login_at\` datetime null, \`instance_admin_since\` datetime null, \`created_at\` datetime not null, \`updated_at\` datetime not null);`);
    this.addSql(`create unique index \`users_email_key_unique\` on \`users\` (\`email_key\`);`);
    this.addSql(`create unique index \`users_username_key_unique\` on \`users\` (\`username_key\`);`);

    this.addSql(`create table \`totp_credentials\` (\`user_id\` text not null primary key, \`secret\` text not null, \`created_at\` datetime not null, \`confirmed_at\` datetime null, \`last_used_step\` integer null, \`disabled_at\` datetime null, constraint \`totp_credentials_user_id_foreign\` foreign key (\`user_id\`) references \`users\` (\`id\`) on update no action on delete cascade);`);

    this.addSql(`create table \`sign_in_challenges\` (\`token_hash\` text not null primary key, \`purpose\` text not null, \`user_id\` text null, \`proof\` text null, \`wrong_answers\` integer not null, \`created_at\` datetime not null, \`expires_at\` datetime not null, constraint \`sign_in_challenges_user_id_foreign\` foreign key (\`user_id\`) references \`users\` (\`id\`) on update no action on delete cascade);`);
    this.addSql(`create index \`sign_in_challenges_user_id_index\` on \`sign_in_challenges\` (\`user_id\`);`);
    this.addSql(`create index \`sign_in_challenges_expires_at_index\` on \`sign_in_challenges\` (\`expires_at\`);`);

    this.addSql(`create table \`sessions\` (\`id\` text not null primary key, \`user_id\` text not null, \`organization_id\` text null, \`limited_to_id\` text null, \`device_id\` text null, \`user_agent\` text null, \`address\` text null, \`created_at\` datetime not null, \`last_used_at\` datetime not null, \`expires_at\` datetime not null, \`revoked_at\` datetime null, constraint \`sessions_user_id_foreign\` foreign key (\`user_id\`) references \`users\` (\`id\`) on update no action on delete cascade);`);
    this.addSql(`create index \`sessions_user_id_index\` on \`sessions\` (\`user_id\`);`);
    this.addSql(`create index \`sessions_expires_at_index\` on \`sessions\` (\`expires_at\`);`);

    this.addSql(`create table \`refresh_tokens\` (\`hash\` text not null primary key, \`session_id\` text not null, \`user_id\` text not null, \`created_at\` datetime not null, \`spent_at\` datetime null, constraint \`refresh_tokens_session_id_foreign\` foreign key (\`session_id\`) references \`sessions\` (\`id\`) on update no action on delete cascade);`);
    this.addSql(`create index \`refresh_tokens_session_id_index\` on \`refresh_tokens\` (\`session_id\`);`);
    this.addSql(`create index \`refresh_tokens_spent_at_index\` on \`refresh_tokens\` (\`spent_at\`);`);

    this.addSql(`create table \`oidc_sessions\` (\`session_id\` text not null primary key, \`user_id\` text not null, \`issuer_ref\` text not null, \`issuer\` text not null, \`subject\` text not null, \`sid\` text null, constraint \`oidc_sessions_session_id_foreign\` foreign key (\`session_id\`) references \`sessions\` (\`id\`) on update no action on delete cascade);`);
    this.addSql(`create index \`oidc_sessions_issuer_subject_index\` on \`oidc_sessions\` (\`issuer\`, \`subject\`);`);
    this.addSql(`create index \`oidc_sessions_issuer_ref_index\` on \`oidc_sessions\` (\`issuer_ref\`);`);

    this.addSql(`create table \`recovery_codes\` (\`hash\` text not null primary key, \`user_id\` text not null, \`created_at\` datetime not null, \`used_at\` datetime null, constraint \`recovery_codes_user_id_foreign\` foreign key (\`user_id\`) references \`users\` (\`id\`) on update no action on delete cascade);`);
    this.addSql(`create index \`recovery_codes_user_id_index\` on \`recovery_codes\` (\`user_id\`);`);

    this.addSql(`create table \`passkeys\` (\`id\` text not null primary key, \`user_id\` text not null, \`name\` text not null, \`credential_id\` text not null, \`public_key\` text not null, \`sign_count\` double not null, \`transports\` json not null, \`is_backed_up\` integer not null, \`created_at\` datetime not null, \`last_used_at\` datetime null, \`disabled_at\` datetime null, constraint \`passkeys_user_id_foreign\` foreign key (\`user_id\`) references \`users\` (\`id\`) on update no action on delete cascade);`);
    this.addSql(`create unique index \`passkeys_credential_id_unique\` on \`passkeys\` (\`credential_id\`);`);
    this.addSql(`create index \`passkeys_user_id_index\` on \`passkeys\` (\`user_id\`);`);

    this.addSql(`create table \`organizations\` (\`id\` text not null primary key, \`name\` text not null, \`slug\` text not null, \`tier\` text check (\`tier\` in ('free', 'pro', 'enterprise')) not null, \`is_active\` integer not null, \`max_users\` integer null, \`max_tasks\` integer null, \`settings\` json not null, \`version\` integer not null default 1, \`created_at\` datetime not null, \`created_by_id\` text not null, \`updated_at\` datetime not null, \`updated_by_id\` text not null, \`deleted_at\` datetime null, constraint \`organizations_created_by_id_foreign\` foreign key (\`created_by_id\`) references \`users\` (\`id\`) on update no action on delete restrict);`);
    this.addSql(`create unique index \`organizations_slug_unique\` on \`organizations\` (\`slug\`);`);

    this.addSql(`create table \`roles\` (\`organization_id\` text not null, \`id\` text not null, \`key\` text not null, \`name\` text not null, \`built_in\` integer not null, \`parent_id\` text null, \`permissions\` json not null default '[]', \`constraints\` json not null default '[]', \`version\` integer not null default 1, \`created_at\` datetime not null, primary key (\`organization_id\`, \`id\`), constraint \`roles_organization_id_foreign\` foreign key (\`organization_id\`) references \`organizations\` (\`id\`) on update no action on delete restrict, constraint \`roles_organization_id_parent_id_foreign\` foreign key (\`organization_id\`, \`parent_id\`) references \`roles\` (\`organization_id\`, \`id\`) on update no action on delete restrict);`);
    this.addSql(`create index \`roles_organization_id_created_at_id_index\` on \`roles\` (\`organization_id\`, \`created_at\`, \`id\`);`);
    this.addSql(`create index \`roles_organization_id_parent_id_index\` on \`roles\` (\`organization_id\`, \`parent_id\`);`);
    this.addSql(`create unique index \`roles_organization_id_key_unique\` on \`roles\` (\`organization_id\`, \`key\`);`);

    this.addSql(`create table \`memberships\` (\`organization_id\` text not null, \`user_id\` text not null, \`status\` text check (\`status\` in ('active', 'suspended', 'ended')) not null, \`title\` text null, \`version\` integer not null default 1, \`joined_at\` datetime not null, \`ended_at\` datetime null, \`sessions_ended_at\` datetime null, \`created_at\` datetime not null, \`updated_at\` datetime not null, primary key (\`organization_id\`, \`user_id\`), constraint \`memberships_organization_id_foreign\` foreign key (\`organization_id\`) references \`organizations\` (\`id\`) on update no action on delete restrict, constraint \`memberships_user_id_foreign\` foreign key (\`user_id\`) references \`users\` (\`id\`) on update no action on delete restrict);`);
    this.addSql(`create index \`memberships_user_id_index\` on \`memberships\` (\`user_id\`);`);
    this.addSql(`create index \`memberships_organization_id_joined_at_user_id_index\` on \`memberships\` (\`organization_id\`, \`joined_at\`, \`user_id\`);`);

    this.addSql(`create table \`tags\` (\`organization_id\` text not null, \`id\` text not null, \`name\` text not null, \`name_sort\` text not null, \`color\` text not null, \`version\` integer not null default 1, \`created_at\` datetime not null, \`created_by_id\` text not null, \`updated_at\` datetime not null, \`updated_by_id\` text not null, primary key (\`organization_id\`, \`id\`), constraint \`tags_organization_id_created_by_id_foreign\` foreign key (\`organization_id\`, \`created_by_id\`) references \`memberships\` (\`organization_id\`, \`user_id\`) on update no action on delete restrict, constraint \`tags_organization_id_updated_by_id_foreign\` foreign key (\`organization_id\`, \`updated_by_id\`) references \`memberships\` (\`organization_id\`, \`user_id\`) on update no action on delete restrict);`);
    this.addSql(`create unique index \`tags_organization_id_name_sort_unique\` on \`tags\` (\`organization_id\`, \`name_sort\`);`);

    this.addSql(`create table \`service_accounts\` (\`organization_id\` text not null, \`user_id\` text not null, \`created_at\` datetime not null, \`created_by_id\` text not null, primary key (\`organization_id\`, \`user_id\`), constraint \`service_accounts_organization_id_user_id_foreign\` foreign key (\`organization_id\`, \`user_id\`) references \`memberships\` (\`organization_id\`, \`user_id\`) on update no action on delete restrict, constraint \`service_accounts_organization_id_created_by_id_foreign\` foreign key (\`organization_id\`, \`created_by_id\`) references \`memberships\` (\`organization_id\`, \`user_id\`) on update no action on delete restrict);`);

    this.addSql(`create table \`invitations\` (\`organization_id\` text not null, \`id\` text not null, \`email\` text not null, \`email_key\` text not null, \`status\` text check (\`status\` in ('pending', 'accepted', 'declined', 'revoked')) not null, \`invited_by_id\` text not null, \`expires_at\` datetime not null, \`expired_at\` datetime null, \`mails_sent\` integer not null default 0, \`mails_since\` datetime null, \`created_at\` datetime not null, \`updated_at\` datetime not null, primary key (\`organization_id\`, \`id\`), constraint \`invitations_organization_id_foreign\` foreign key (\`organization_id\`) references \`organizations\` (\`id\`) on update no action on delete restrict, constraint \`invitations_organization_id_invited_by_id_foreign\` foreign key (\`organization_id\`, \`invited_by_id\`) references \`memberships\` (\`organization_id\`, \`user_id\`) on update no action on delete restrict);`);
    this.addSql(`create index \`invitations_email_key_index\` on \`invitations\` (\`email_key\`);`);
    this.addSql(`create index \`invitations_organization_id_email_key_index\` on \`invitations\` (\`organization_id\`, \`email_key\`);`);
    this.addSql(`create index \`invitations_organization_id_created_at_id_index\` on \`invitations\` (\`organization_id\`, \`created_at\`, \`id\`);`);
    this.addSql(`create index \`invitations_expires_at_index\` on \`invitations\` (\`expires_at\`);`);

    this.addSql(`create table \`invitation_roles\` (\`organization_id\` text not null, \`invitation_id\` text not null, \`role_id\` text not null, primary key (\`organization_id\`, \`invitation_id\`, \`role_id\`), constraint \`invitation_roles_organization_id_invitation_id_foreign\` foreign key (\`organization_id\`, \`invitation_id\`) references \`invitations\` (\`organization_id\`, \`id\`) on update no action on delete cascade, constraint \`invitation_roles_organization_id_role_id_foreign\` foreign key (\`organization_id\`, \`role_id\`) references \`roles\` (\`organization_id\`, \`id\`) on update no action on delete restrict);`);

    this.addSql(`create table \`identity_providers\` (\`organization_id\` text not null, \`id\` text not null, \`label\` text not null, \`issuer\` text not null, \`client_id\` text not null, \`client_secret\` text null, \`scopes\` json not null, \`enabled\` integer not null, \`create_members\` integer not null, \`default_role_id\` text null, \`role_claim\` text null, \`version\` integer not null default 1, \`created_at\` datetime not null, \`created_by_id\` text not null, \`updated_at\` datetime not null, \`updated_by_id\` text not null, primary key (\`organization_id\`, \`id\`), constraint \`identity_providers_organization_id_default_role_id_foreign\` foreign key (\`organization_id\`, \`default_role_id\`) references \`roles\` (\`organization_id\`, \`id\`) on update no action on delete restrict, constraint \`identity_providers_organization_id_created_by_id_foreign\` foreign key (\`organization_id\`, \`created_by_id\`) references \`memberships\` (\`organization_id\`, \`user_id\`) on update no action on delete restrict, constraint \`identity_providers_organization_id_updated_by_id_foreign\` foreign key (\`organization_id\`, \`updated_by_id\`) references \`memberships\` (\`organization_id\`, \`user_id\`) on update no action on delete restrict);`);
    this.addSql(`create index \`identity_providers_organization_id_created_at_id_index\` on \`identity_providers\` (\`organization_id\`, \`created_at\`, \`id\`);`);
    this.addSql(`create index \`identity_providers_organization_id_default_role_id_index\` on \`identity_providers\` (\`organization_id\`, \`default_role_id\`);`);
    this.addSql(`create unique index \`identity_providers_id_unique\` on \`identity_providers\` (\`id\`);`);

    this.addSql(`create table \`identity_provider_roles\` (\`organization_id\` text not null, \`identity_provider_id\` text not null, \`claim_value\` text not null, \`role_id\` text not null, primary key (\`organization_id\`, \`identity_provider_id\`, \`claim_value\`, \`role_id\`), constraint \`identity_provider_roles_organization_id_identity_provider_id_foreign\` foreign key (\`organization_id\`, \`identity_provider_id\`) references \`identity_providers\` (\`organization_id\`, \`id\`) on update no action on delete cascade, constraint \`identity_provider_roles_organization_id_role_id_foreign\` foreign key (\`organization_id\`, \`role_id\`) references \`roles\` (\`organization_id\`, \`id\`) on update no action on delete restrict);`);
    this.addSql(`create index \`identity_provider_roles_organization_id_role_id_index\` on \`identity_provider_roles\` (\`organization_id\`, \`role_id\`);`);

    this.addSql(`create table \`departments\` (\`organization_id\` text not null, \`id\` text not null, \`name\` text not null, \`name_sort\` text not null, \`sibling_key\` text not null, \`description\` text null, \`parent_id\` text null, \`path_sort\` text not null, \`head_user_id\` text null, \`version\` integer not null default 1, \`created_at\` datetime not null, \`created_by_id\` text not null, \`updated_at\` datetime not null, \`updated_by_id\` text not null, primary key (\`organization_id\`, \`id\`), constraint \`departments_organization_id_parent_id_foreign\` foreign key (\`organization_id\`, \`parent_id\`) references \`departments\` (\`organization_id\`, \`id\`) on update no action on delete restrict, constraint \`departments_organization_id_head_user_id_foreign\` foreign key (\`organization_id\`, \`head_user_id\`) references \`memberships\` (\`organization_id\`, \`user_id\`) on update no action on delete restrict, constraint \`departments_organization_id_created_by_id_foreign\` foreign key (\`organization_id\`, \`created_by_id\`) references \`memberships\` (\`organization_id\`, \`user_id\`) on update no action on delete restrict, constraint \`departments_organization_id_updated_by_id_foreign\` foreign key (\`organization_id\`, \`updated_by_id\`) references \`memberships\` (\`organization_id\`, \`user_id\`) on update no action on delete restrict);`);
    this.addSql(`create index \`departments_organization_id_parent_id_id_index\` on \`departments\` (\`organization_id\`, \`parent_id\`, \`id\`);`);
    this.addSql(`create index \`departments_organization_id_created_at_id_index\` on \`departments\` (\`organization_id\`, \`created_at\`, \`id\`);`);
    this.addSql(`create index \`departments_organization_id_name_sort_id_index\` on \`departments\` (\`organization_id\`, \`name_sort\`, \`id\`);`);
    this.addSql(`create index \`departments_organization_id_path_sort_index\` on \`departments\` (\`organization_id\`, \`path_sort\`);`);
    this.addSql(`create index \`departments_organization_id_head_user_id_index\` on \`departments\` (\`organization_id\`, \`head_user_id\`);`);
    this.addSql(`create unique index \`departments_organization_id_sibling_key_unique\` on \`departments\` (\`organization_id\`, \`sibling_key\`);`);

    this.addSql(`create table \`teams\` (\`organization_id\` text not null, \`id\` text not null, \`name\` text not null, \`name_sort\` text not null, \`description\` text null, \`department_id\` text null, \`version\` integer not null default 1, \`created_at\` datetime not null, \`created_by_id\` text not null, \`updated_at\` datetime not null, \`updated_by_id\` text not null, primary key (\`organization_id\`, \`id\`), constraint \`teams_organization_id_department_id_foreign\` foreign key (\`organization_id\`, \`department_id\`) references \`departments\` (\`organization_id\`, \`id\`) on update no action on delete restrict, constraint \`teams_organization_id_created_by_id_foreign\` foreign key (\`organization_id\`, \`created_by_id\`) references \`memberships\` (\`organization_id\`, \`user_id\`) on update no action on delete restrict, constraint \`teams_organization_id_updated_by_id_foreign\` foreign key (\`organization_id\`, \`updated_by_id\`) references \`memberships\` (\`organization_id\`, \`user_id\`) on update no action on delete restrict);`);
    this.addSql(`create index \`teams_organization_id_department_id_id_index\` on \`teams\` (\`organization_id\`, \`department_id\`, \`id\`);`);
    this.addSql(`create index \`teams_organization_id_created_at_id_index\` on \`teams\` (\`organization_id\`, \`created_at\`, \`id\`);`);
    this.addSql(`create unique index \`teams_organization_id_name_sort_unique\` on \`teams\` (\`organization_id\`, \`name_sort\`);`);

    this.addSql(`create table \`team_members\` (\`organization_id\` text not null, \`team_id\` text not null, \`user_id\` text not null, \`added_at\` datetime not null, \`added_by_id\` text not null, primary key (\`organization_id\`, \`team_id\`, \`user_id\`), constraint \`team_members_organization_id_team_id_foreign\` foreign key (\`organization_id\`, \`team_id\`) references \`teams\` (\`organization_id\`, \`id\`) on update no action on delete cascade, constraint \`team_members_organization_id_user_id_foreign\` foreign key (\`organization_id\`, \`user_id\`) references \`memberships\` (\`organization_id\`, \`user_id\`) on update no action on delete restrict, constraint \`team_members_organization_id_added_by_id_foreign\` foreign key (\`organization_id\`, \`added_by_id\`) references \`memberships\` (\`organization_id\`, \`user_id\`) on update no action on delete restrict);`);
    this.addSql(`create index \`team_members_organization_id_team_id_added_at_user_id_index\` on \`team_members\` (\`organization_id\`, \`team_id\`, \`added_at\`, \`user_id\`);`);
    this.addSql(`create index \`team_members_organization_id_user_id_team_id_index\` on \`team_members\` (\`organization_id\`, \`user_id\`, \`team_id\`);`);

    this.addSql(`create table \`tasks\` (\`organization_id\` text not null, \`id\` text not null, \`number\` integer not null, \`title\` text not null, \`title_sort\` text not null, \`description\` text null, \`status\` text check (\`status\` in ('todo', 'in_progress', 'in_review', 'done', 'archived')) not null, \`status_rank\` integer not null, \`priority\` text check (\`priority\` in ('low', 'medium', 'high', 'urgent', 'critical')) not null, \`priority_rank\` integer not null, \`due_date\` datetime null, \`start_date\` datetime null, \`estimated_hours\` integer null, \`actual_hours\` integer null, \`completed_at\` datetime null, \`parent_id\` text null, \`team_id\` text null, \`trash_id\` text null, \`version\` integer not null default 1, \`created_at\` datetime not null, \`created_by_id\` text not null, \`updated_at\` datetime not null, \`updated_by_id\` text not null, \`deleted_at\` datetime null, primary key (\`organization_id\`, \`id\`), constraint \`tasks_organization_id_parent_id_foreign\` foreign key (\`organization_id\`, \`parent_id\`) references \`tasks\` (\`organization_id\`, \`id\`) on update no action on delete restrict, constraint \`tasks_organization_id_team_id_foreign\` foreign key (\`organization_id\`, \`team_id\`) references \`teams\` (\`organization_id\`, \`id\`) on update no action on delete restrict, constraint \`tasks_organization_id_created_by_id_foreign\` foreign key (\`organization_id\`, \`created_by_id\`) references \`memberships\` (\`organization_id\`, \`user_id\`) on update no action on delete restrict, constraint \`tasks_organization_id_updated_by_id_foreign\` foreign key (\`organization_id\`, \`updated_by_id\`) references \`memberships\` (\`organization_id\`, \`user_id\`) on update no action on delete restrict);`);
    this.addSql(`create index \`tasks_organization_id_created_at_id_index\` on \`tasks\` (\`organization_id\`, \`created_at\`, \`id\`);`);
    this.addSql(`create index \`tasks_organization_id_status_created_at_id_index\` on \`tasks\` (\`organization_id\`, \`status\`, \`created_at\`, \`id\`);`);
    this.addSql(`create index \`tasks_organization_id_updated_at_id_index\` on \`tasks\` (\`organization_id\`, \`updated_at\`, \`id\`);`);
    this.addSql(`create index \`tasks_organization_id_due_date_id_index\` on \`tasks\` (\`organization_id\`, \`due_date\`, \`id\`);`);
    this.addSql(`create index \`tasks_organization_id_priority_rank_id_index\` on \`tasks\` (\`organization_id\`, \`priority_rank\`, \`id\`);`);
    this.addSql(`create index \`tasks_organization_id_status_rank_id_index\` on \`tasks\` (\`organization_id\`, \`status_rank\`, \`id\`);`);
    this.addSql(`create index \`tasks_organization_id_title_sort_id_index\` on \`tasks\` (\`organization_id\`, \`title_sort\`, \`id\`);`);
    this.addSql(`create index \`tasks_organization_id_created_by_id_id_index\` on \`tasks\` (\`organization_id\`, \`created_by_id\`, \`id\`);`);
    this.addSql(`create index \`tasks_organization_id_deleted_at_id_index\` on \`tasks\` (\`organization_id\`, \`deleted_at\`, \`id\`);`);
    this.addSql(`create index \`tasks_organization_id_parent_id_deleted_at_id_index\` on \`tasks\` (\`organization_id\`, \`parent_id\`, \`deleted_at\`, \`id\`);`);
    this.addSql(`create index \`tasks_organization_id_team_id_created_at_id_index\` on \`tasks\` (\`organization_id\`, \`team_id\`, \`created_at\`, \`id\`);`);
    this.addSql(`create index \`tasks_organization_id_trash_id_id_index\` on \`tasks\` (\`organization_id\`, \`trash_id\`, \`id\`);`);
    this.addSql(`create unique index \`tasks_organization_id_number_unique\` on \`tasks\` (\`organization_id\`, \`number\`);`);

    this.addSql(`create table \`task_tags\` (\`organization_id\` text not null, \`task_id\` text not null, \`tag_id\` text not null, primary key (\`organization_id\`, \`task_id\`, \`tag_id\`), constraint \`task_tags_organization_id_task_id_foreign\` foreign key (\`organization_id\`, \`task_id\`) references \`tasks\` (\`organization_id\`, \`id\`) on update no action on delete cascade, constraint \`task_tags_organization_id_tag_id_foreign\` foreign key (\`organization_id\`, \`tag_id\`) references \`tags\` (\`organization_id\`, \`id\`) on update no action on delete cascade);`);
    this.addSql(`create index \`task_tags_organization_id_tag_id_task_id_index\` on \`task_tags\` (\`organization_id\`, \`tag_id\`, \`task_id\`);`);

    this.addSql(`create table \`task_assignees\` (\`organization_id\` text not null, \`task_id\` text not null, \`user_id\` text not null, \`position\` integer not null, primary key (\`organization_id\`, \`task_id\`, \`user_id\`), constraint \`task_assignees_organization_id_task_id_foreign\` foreign key (\`organization_id\`, \`task_id\`) references \`tasks\` (\`organization_id\`, \`id\`) on update no action on delete cascade, constraint \`task_assignees_organization_id_user_id_foreign\` foreign key (\`organization_id\`, \`user_id\`) references \`memberships\` (\`organization_id\`, \`user_id\`) on update no action on delete restrict);`);
    this.addSql(`create index \`task_assignees_organization_id_user_id_task_id_index\` on \`task_assignees\` (\`organization_id\`, \`user_id\`, \`task_id\`);`);

    this.addSql(`create table \`role_assignments\` (\`organization_id\` text not null, \`id\` text not null, \`user_id\` text not null, \`role_id\` text not null, \`department_id\` text null, \`team_id\` text null, \`scope_key\` text not null, \`valid_to\` datetime null, \`created_at\` datetime not null, \`created_by_id\` text not null, primary key (\`organization_id\`, \`id\`), constraint \`role_assignments_organization_id_user_id_foreign\` foreign key (\`organization_id\`, \`user_id\`) references \`memberships\` (\`organization_id\`, \`user_id\`) on update no action on delete restrict, constraint \`role_assignments_organization_id_role_id_foreign\` foreign key (\`organization_id\`, \`role_id\`) references \`roles\` (\`organization_id\`, \`id\`) on update no action on delete restrict, constraint \`role_assignments_organization_id_department_id_foreign\` foreign key (\`organization_id\`, \`department_id\`) references \`departments\` (\`organization_id\`, \`id\`) on update no action on delete cascade, constraint \`role_assignments_organization_id_team_id_foreign\` foreign key (\`organization_id\`, \`team_id\`) references \`teams\` (\`organization_id\`, \`id\`) on update no action on delete cascade);`);
    this.addSql(`create index \`role_assignments_organization_id_created_at_id_index\` on \`role_assignments\` (\`organization_id\`, \`created_at\`, \`id\`);`);
    this.addSql(`create index \`role_assignments_organization_id_role_id_index\` on \`role_assignments\` (\`organization_id\`, \`role_id\`);`);
    this.addSql(`create index \`role_assignments_organization_id_department_id_index\` on \`role_assignments\` (\`organization_id\`, \`department_id\`);`);
    this.addSql(`create index \`role_assignments_organization_id_team_id_index\` on \`role_assignments\` (\`organization_id\`, \`team_id\`);`);
    this.addSql(`create index \`role_assignments_user_id_index\` on \`role_assignments\` (\`user_id\`);`);
    this.addSql(`create unique index \`role_assignments_organization_id_user_id_role_id_scope_key_unique\` on \`role_assignments\` (\`organization_id\`, \`user_id\`, \`role_id\`, \`scope_key\`);`);

    this.addSql(`create table \`department_members\` (\`organization_id\` text not null, \`user_id\` text not null, \`department_id\` text not null, \`added_at\` datetime not null, \`added_by_id\` text not null, primary key (\`organization_id\`, \`user_id\`), constraint \`department_members_organization_id_department_id_foreign\` foreign key (\`organization_id\`, \`department_id\`) references \`departments\` (\`organization_id\`, \`id\`) on update no action on delete restrict, constraint \`department_members_organization_id_user_id_foreign\` foreign key (\`organization_id\`, \`user_id\`) references \`memberships\` (\`organization_id\`, \`user_id\`) on update no action on delete restrict, constraint \`department_members_organization_id_added_by_id_foreign\` foreign key (\`organization_id\`, \`added_by_id\`) references \`memberships\` (\`organization_id\`, \`user_id\`) on update no action on delete restrict);`);
    this.addSql(`create index \`department_members_organization_id_department_id_added_at_user_id_index\` on \`department_members\` (\`organization_id\`, \`department_id\`, \`added_at\`, \`user_id\`);`);

    this.addSql(`create table \`comments\` (\`organization_id\` text not null, \`id\` text not null, \`task_id\` text not null, \`body\` text not null, \`version\` integer not null default 1, \`created_at\` datetime not null, \`created_by_id\` text not null, \`updated_at\` datetime not null, \`updated_by_id\` text not null, \`deleted_at\` datetime null, primary key (\`organization_id\`, \`id\`), constraint \`comments_organization_id_task_id_foreign\` foreign key (\`organization_id\`, \`task_id\`) references \`tasks\` (\`organization_id\`, \`id\`) on update no action on delete cascade, constraint \`comments_organization_id_created_by_id_foreign\` foreign key (\`organization_id\`, \`created_by_id\`) references \`memberships\` (\`organization_id\`, \`user_id\`) on update no action on delete restrict, constraint \`comments_organization_id_updated_by_id_foreign\` foreign key (\`organization_id\`, \`updated_by_id\`) references \`memberships\` (\`organization_id\`, \`user_id\`) on update no action on delete restrict);`);
    this.addSql(`create index \`comments_organization_id_task_id_created_at_id_index\` on \`comments\` (\`organization_id\`, \`task_id\`, \`created_at\`, \`id\`);`);

    this.addSql(`create table \`api_keys\` (\`organization_id\` text not null, \`id\` text not null, \`name\` text not null, \`prefix\` text not null, \`secret_hash\` text not null, \`user_id\` text not null, \`scopes\` json not null, \`expires_at\` datetime null, \`last_used_at\` datetime null, \`is_active\` integer not null, \`version\` integer not null default 1, \`created_at\` datetime not null, \`created_by_id\` text not null, \`updated_at\` datetime not null, \`updated_by_id\` text not null, primary key (\`organization_id\`, \`id\`), constraint \`api_keys_organization_id_user_id_foreign\` foreign key (\`organization_id\`, \`user_id\`) references \`memberships\` (\`organization_id\`, \`user_id\`) on update no action on delete restrict, constraint \`api_keys_organization_id_created_by_id_foreign\` foreign key (\`organization_id\`, \`created_by_id\`) references \`memberships\` (\`organization_id\`, \`user_id\`) on update no action on delete restrict, constraint \`api_keys_organization_id_updated_by_id_foreign\` foreign key (\`organization_id\`, \`updated_by_id\`) references \`memberships\` (\`organization_id\`, \`user_id\`) on update no action on delete restrict);`);
    this.addSql(`create unique index \`api_keys_secret_hash_unique\` on \`api_keys\` (\`secret_hash\`);`);
    this.addSql(`create index \`api_keys_organization_id_created_at_id_index\` on \`api_keys\` (\`organization_id\`, \`created_at\`, \`id\`);`);
    this.addSql(`create index \`api_keys_organization_id_user_id_index\` on \`api_keys\` (\`organization_id\`, \`user_id\`);`);

    this.addSql(`create table \`email_changes\` (\`id\` text not null primary key, \`user_id\` text not null, \`from_email\` text not null, \`from_email_key\` text not null, \`to_email\` text not null, \`status\` text check (\`status\` in ('pending', 'confirmed', 'undone', 'replaced')) not null, \`expires_at\` datetime not null, \`undo_until\` datetime null, \`created_at\` datetime not null, constraint \`email_changes_user_id_foreign\` foreign key (\`user_id\`) references \`users\` (\`id\`) on update no action on delete cascade);`);
    this.addSql(`create index \`email_changes_user_id_index\` on \`email_changes\` (\`user_id\`);`);
    this.addSql(`create index \`email_changes_from_email_key_index\` on \`email_changes\` (\`from_email_key\`);`);

    this.addSql(`create table \`credentials\` (\`user_id\` text not null primary key, \`password_hash\` text not null, \`updated_at\` datetime not null, constraint \`credentials_user_id_foreign\` foreign key (\`user_id\`) references \`users\` (\`id\`) on update no action on delete cascade);`);

    this.addSql(`create table \`user_identities\` (\`id\` text not null primary key, \`user_id\` text not null, \`realm\` text not null default 'installation', \`issuer\` text not null, \`subject\` text not null, \`created_at\` datetime not null, \`last_used_at\` datetime not null, \`disabled_at\` datetime null, constraint \`user_identities_user_id_foreign\` foreign key (\`user_id\`) references \`users\` (\`id\`) on update no action on delete cascade);`);
    this.addSql(`create index \`user_identities_user_id_index\` on \`user_identities\` (\`user_id\`);`);
    this.addSql(`create unique index \`user_identities_realm_issuer_subject_unique\` on \`user_identities\` (\`realm\`, \`issuer\`, \`subject\`);`);

    // By hand: full-text search, the words of a task and an FTS5 index over them that triggers keep.
    this.addSql(`create table task_search (
      sequence integer primary key autoincrement,
      organization_id text not null,
      task_id text not null,
      title text not null,
      body text not null,
      unique (organization_id, task_id),
      foreign key (organization_id, task_id) references tasks (organization_id, id) on delete cascade
    )`);
    // The organization is a word of its own, so that a search looks at one tenant's rows only. The words are folded already and
    // separated by spaces. This tokenizer keeps all other letters and marks, which `unicode61` knows as far as its Unicode goes.
    this.addSql(`create virtual table task_search_index using fts5 (
      organization_id, title, body, content = 'task_search', content_rowid = 'sequence', tokenize = 'ascii'
    )`);
    this.addSql(`create trigger task_search_inserted after insert on task_search begin
      insert into task_search_index (rowid, organization_id, title, body)
      values (new.sequence, new.organization_id, new.title, new.body);
    end`);
    this.addSql(`create trigger task_search_deleted after delete on task_search begin
      insert into task_search_index (task_search_index, rowid, organization_id, title, body)
      values ('delete', old.sequence, old.organization_id, old.title, old.body);
    end`);
    this.addSql(`create trigger task_search_updated after update on task_search begin
      insert into task_search_index (task_search_index, rowid, organization_id, title, body)
      values ('delete', old.sequence, old.organization_id, old.title, old.body);
      insert into task_search_index (rowid, organization_id, title, body)
      values (new.sequence, new.organization_id, new.title, new.body);
    end`);
  }

  override down(): void | Promise<void> {
    this.addSql(`drop table if exists \`task_search_index\`;`);
    this.addSql(`drop table if exists \`task_search\`;`);

    this.addSql(`drop table if exists \`counters\`;`);
    this.addSql(`drop table if exists \`events\`;`);
    this.addSql(`drop table if exists \`event_payloads\`;`);
    this.addSql(`drop table if exists \`idempotency_keys\`;`);
    this.addSql(`drop table if exists \`jobs\`;`);
    this.addSql(`drop table if exists \`oidc_flows\`;`);
    this.addSql(`drop table if exists \`oidc_logout_tokens\`;`);
    this.addSql(`drop table if exists \`throttles\`;`);
    this.addSql(`drop table if exists \`users\`;`);
    this.addSql(`drop table if exists \`totp_credentials\`;`);
    this.addSql(`drop table if exists \`sign_in_challenges\`;`);
    this.addSql(`drop table if exists \`sessions\`;`);
    this.addSql(`drop table if exists \`refresh_tokens\`;`);
    this.addSql(`drop table if exists \`oidc_sessions\`;`);
    this.addSql(`drop table if exists \`recovery_codes\`;`);
    this.addSql(`drop table if exists \`passkeys\`;`);
    this.addSql(`drop table if exists \`organizations\`;`);
    this.addSql(`drop table if exists \`roles\`;`);
    this.addSql(`drop table if exists \`memberships\`;`);
    this.addSql(`drop table if exists \`tags\`;`);
    this.addSql(`drop table if exists \`service_accounts\`;`);
    this.addSql(`drop table if exists \`invitations\`;`);
    this.addSql(`drop table if exists \`invitation_roles\`;`);
    this.addSql(`drop table if exists \`identity_providers\`;`);
    this.addSql(`drop table if exists \`identity_provider_roles\`;`);
    this.addSql(`drop table if exists \`departments\`;`);
    this.addSql(`drop table if exists \`teams\`;`);
    this.addSql(`drop table if exists \`team_members\`;`);
    this.addSql(`drop table if exists \`tasks\`;`);
    this.addSql(`drop table if exists \`task_tags\`;`);
    this.addSql(`drop table if exists \`task_assignees\`;`);
    this.addSql(`drop table if exists \`role_assignments\`;`);
    this.addSql(`drop table if exists \`department_members\`;`);
    this.addSql(`drop table if exists \`comments\`;`);
    this.addSql(`drop table if exists \`api_keys\`;`);
    this.addSql(`drop table if exists \`email_changes\`;`);
    this.addSql(`drop table if exists \`credentials\`;`);
    this.addSql(`drop table if exists \`user_identities\`;`);
  }

}
