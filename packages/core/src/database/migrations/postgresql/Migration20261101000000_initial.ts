import { Migration } from '@mikro-orm/migrations';

export class Migration20261101000000_initial extends Migration {

  override name = 'Migration20261101000000_initial';

  override up(): void | Promise<void> {
    this.addSql(`create table "api_requests" ("organization_id" uuid not null, "id" uuid not null, "user_id" uuid not null, "api_key_id" uuid null, "method" varchar(255) not null, "endpoint" varchar(255) not null, "path" text not null, "status" smallint not null, "request" text null, "response" text null, "duration_ms" int not null, "address" varchar(255) null, "at" timestamptz(3) not null, primary key ("organization_id", "id"));`);
    this.addSql(`create index "api_requests_organization_id_user_id_id_index" on "api_requests" ("organization_id", "user_id", "id");`);
    this.addSql(`create index "api_requests_organization_id_endpoint_id_index" on "api_requests" ("organization_id", "endpoint", "id");`);
    this.addSql(`create index "api_requests_organization_id_status_id_index" on "api_requests" ("organization_id", "status", "id") where status >= 400;`);

    this.addSql(`create table "api_usage" ("organization_id" uuid not null, "day" varchar(255) not null, "method" varchar(255) not null, "endpoint" varchar(255) not null, "bucket" smallint not null, "requests" int not null, "errors" int not null, "total_ms" double precision not null, primary key ("organization_id", "day", "method", "endpoint", "bucket"));`);

    this.addSql(`create table "attachment_totals" ("organization_id" uuid not null, "bytes" double precision not null, primary key ("organization_id"));`);

    this.addSql(`create table "counters" ("organization_id" uuid not null, "name" varchar(255) not null, "value" int not null, primary key ("organization_id", "name"));`);

    this.addSql(`create table "events" ("id" uuid not null, "organization_id" uuid null, "type" varchar(255) not null, "actor_id" uuid null, "api_key_id" uuid null, "entity_type" varchar(255) not null, "entity_id" uuid not null, "parent_type" varchar(255) null, "parent_id" uuid null, "request_id" varchar(255) not null, "quiet" boolean not null default false, "payload_hash" varchar(255) not null, "at" timestamptz(3) not null, primary key ("id"));`);
    this.addSql(`create index "events_organization_id_entity_id_id_index" on "events" ("organization_id", "entity_id", "id");`);
    this.addSql(`create index "events_organization_id_parent_id_id_index" on "events" ("organization_id", "parent_id", "id") where parent_id is not null;`);
    this.addSql(`create index "events_organization_id_at_id_index" on "events" ("organization_id", "at", "id") where organization_id is not null;`);
    this.addSql(`create index "events_organization_id_actor_id_at_id_index" on "events" ("organization_id", "actor_id", "at", "id") where organization_id is not null and actor_id is not null;`);
    this.addSql(`create index "events_organization_id_type_at_id_index" on "events" ("organization_id", "type", "at", "id") where organization_id is not null and type <> 'task.created' and type <> 'task.updated' and type <> 'comment.created';`);

    this.addSql(`create table "event_payloads" ("event_id" uuid not null, "organization_id" uuid null, "salt" varchar(255) not null, "payload" jsonb not null, primary key ("event_id"));`);

    this.addSql(`create table "event_seals" ("organization_id" uuid not null, "sequence" int not null, "event_id" uuid not null, "hash" varchar(255) not null, primary key ("organization_id", "sequence"));`);
    this.addSql(`alter table "event_seals" add constraint "event_seals_event_id_unique" unique ("event_id");`);

    this.addSql(`create table "event_walks" ("name" varchar(255) not null, "walked_to" timestamptz(3) not null, primary key ("name"));`);

    this.addSql(`create table "idempotency_keys" ("user_id" uuid not null, "scope" varchar(255) not null, "procedure" varchar(255) not null, "key" varchar(255) not null, "fingerprint" varchar(255) not null, "answer" jsonb null, "created_at" timestamptz(3) not null, primary key ("user_id", "scope", "procedure", "key"));`);
    this.addSql(`create index "idempotency_keys_created_at_index" on "idempotency_keys" ("created_at");`);

    this.addSql(`create table "jobs" ("id" uuid not null, "organization_id" uuid null, "user_id" uuid null, "api_key_id" uuid null, "kind" varchar(255) not null, "payload" jsonb not null, "priority" int not null, "run_at" timestamptz(3) not null, "attempts" int not null, "max_attempts" int not null, "leased_until" timestamptz(3) null, "finished_at" timestamptz(3) null, "status" text not null, "done" int not null, "progress" smallint null, "result" jsonb null, "error" text null, "unique_key" varchar(255) null, "created_at" timestamptz(3) not null, primary key ("id"));`);
    this.addSql(`alter table "jobs" add constraint "jobs_unique_key_unique" unique ("unique_key");`);
    this.addSql(`create index "jobs_waiting_index" on "jobs" ("priority", "run_at", "id") where status = 'waiting';`);
    this.addSql(`create index "jobs_dead_index" on "jobs" ("finished_at") where status = 'dead';`);
    this.addSql(`create index "jobs_finished_at_index" on "jobs" ("finished_at") where finished_at is not null;`);
    this.addSql(`create index "jobs_organization_id_index" on "jobs" ("organization_id") where organization_id is not null;`);

    this.addSql(`create table "oidc_flows" ("state_hash" varchar(255) not null, "binding_hash" varchar(255) not null, "issuer_ref" varchar(255) not null, "redirect_to" text not null, "transport" text not null, "device_id" varchar(255) null, "session_id" uuid null, "created_at" timestamptz(3) not null, "expires_at" timestamptz(3) not null, primary key ("state_hash"));`);
    this.addSql(`create index "oidc_flows_expires_at_index" on "oidc_flows" ("expires_at");`);

    this.addSql(`create table "oidc_logout_tokens" ("hash" varchar(255) not null, "expires_at" timestamptz(3) not null, primary key ("hash"));`);
    this.addSql(`create index "oidc_logout_tokens_expires_at_index" on "oidc_logout_tokens" ("expires_at");`);

    this.addSql(`create table "task_figures" ("organization_id" uuid not null, "figure" smallint not null, "team_id" uuid not null, "project_id" uuid not null, "part" int not null, "value" double precision not null, primary key ("organization_id", "figure", "team_id", "project_id", "part"));`);

    this.addSql(`create table "task_figure_changes" ("organization_id" uuid not null, "id" uuid not null, "sign" smallint not null, "team_id" uuid null, "project_id" uuid null, "status_rank" smallint not null, "priority_rank" smallint not null, "spent" int null, "due_day" int null, "completed_hour" int null, primary key ("organization_id", "id"));`);

    this.addSql(`create table "throttles" ("key" varchar(255) not null, "tries" jsonb not null, "expires_at" timestamptz(3) not null, primary key ("key"));`);
    this.addSql(`create index "throttles_expires_at_index" on "throttles" ("expires_at");`);

    this.addSql(`create table "users" ("id" uuid not null, "kind" text not null default 'person', "email" varchar(255) not null, "email_key" varchar(255) not null, "email_verified_at" timestamptz(3) null, "username" varchar(255) null, "username_key" varchar(255) null, "full_name" varchar(255) null, "name_key" text null, "locale" varchar(255) not null, "timezone" varchar(255) not null, "avatar_url" text null, "avatar" jsonb null, "is_active" boolean not null, "last_login_at" timestamptz(3) null, "instance_admin_since" timestamptz(3) null, "created_at" timestamptz(3) not null, "updated_at" timestamptz(3) not null, primary key ("id"));`);
    this.addSql(`alter table "users" add constraint "users_email_key_unique" unique ("email_key");`);
    this.addSql(`alter table "users" add constraint "users_username_key_unique" unique ("username_key");`);
    this.addSql(`create index "users_created_at_id_index" on "users" ("created_at", "id");`);
    this.addSql(`create index "users_inactive_index" on "users" ("created_at", "id") where is_active = false;`);

    this.addSql(`create table "totp_credentials" ("user_id" uuid not null, "secret" text not null, "created_at" timestamptz(3) not null, "confirmed_at" timestamptz(3) null, "last_used_step" int null, "disabled_at" timestamptz(3) null, primary key ("user_id"));`);

    this.addSql(`create table "sign_in_challenges" ("token_hash" varchar(255) not null, "purpose" varchar(255) not null, "user_id" uuid null, "proof" varchar(255) null, "wrong_answers" int not null, "created_at" timestamptz(3) not null, "expires_at" timestamptz(3) not null, primary key ("token_hash"));`);
    this.addSql(`create index "sign_in_challenges_user_id_index" on "sign_in_challenges" ("user_id");`);
    this.addSql(`create index "sign_in_challenges_expires_at_index" on "sign_in_challenges" ("expires_at");`);

    this.addSql(`create table "sessions" ("id" uuid not null, "user_id" uuid not null, "organization_id" uuid null, "limited_to_id" uuid null, "device_id" varchar(255) null, "user_agent" text null, "address" varchar(255) null, "created_at" timestamptz(3) not null, "last_used_at" timestamptz(3) not null, "expires_at" timestamptz(3) not null, "revoked_at" timestamptz(3) null, primary key ("id"));`);
    this.addSql(`create index "sessions_user_id_index" on "sessions" ("user_id");`);
    this.addSql(`create index "sessions_expires_at_index" on "sessions" ("expires_at");`);
    this.addSql(`create index "sessions_revoked_at_index" on "sessions" ("revoked_at") where revoked_at is not null;`);

    this.addSql(`create table "refresh_tokens" ("hash" varchar(255) not null, "session_id" uuid not null, "user_id" uuid not null, "created_at" timestamptz(3) not null, "spent_at" timestamptz(3) null, primary key ("hash"));`);
    this.addSql(`create index "refresh_tokens_session_id_index" on "refresh_tokens" ("session_id");`);
    this.addSql(`create index "refresh_tokens_spent_at_index" on "refresh_tokens" ("spent_at") where spent_at is not null;`);

    this.addSql(`create table "oidc_sessions" ("session_id" uuid not null, "user_id" uuid not null, "issuer_ref" varchar(255) not null, "issuer" text not null, "subject" text not null, "sid" text null, primary key ("session_id"));`);
    this.addSql(`create index "oidc_sessions_issuer_subject_index" on "oidc_sessions" ("issuer", "subject");`);
    this.addSql(`create index "oidc_sessions_issuer_ref_index" on "oidc_sessions" ("issuer_ref");`);

    this.addSql(`create table "recovery_codes" ("hash" varchar(255) not null, "user_id" uuid not null, "created_at" timestamptz(3) not null, "used_at" timestamptz(3) null, primary key ("hash"));`);
    this.addSql(`create index "recovery_codes_user_id_index" on "recovery_codes" ("user_id");`);

    this.addSql(`create table "passkeys" ("id" uuid not null, "user_id" uuid not null, "name" varchar(255) not null, "credential_id" text not null, "public_key" text not null, "sign_count" double precision not null, "transports" jsonb not null, "is_backed_up" boolean not null, "created_at" timestamptz(3) not null, "last_used_at" timestamptz(3) null, "disabled_at" timestamptz(3) null, primary key ("id"));`);
    this.addSql(`alter table "passkeys" add constraint "passkeys_credential_id_unique" unique ("credential_id");`);
    this.addSql(`create index "passkeys_user_id_index" on "passkeys" ("user_id");`);

    this.addSql(`create table "organizations" ("id" uuid not null, "name" varchar(255) not null, "slug" varchar(255) not null, "tier" text not null, "is_active" boolean not null, "max_users" int null, "max_tasks" int null, "settings" jsonb not null, "avatar_url" text null, "avatar" jsonb null, "version" int not null default 1, "created_at" timestamptz(3) not null, "created_by_id" uuid not null, "updated_at" timestamptz(3) not null, "updated_by_id" uuid not null, "deleted_at" timestamptz(3) null, primary key ("id"));`);
    this.addSql(`alter table "organizations" add constraint "organizations_slug_unique" unique ("slug");`);
    this.addSql(`create index "organizations_deleted_at_index" on "organizations" ("deleted_at") where deleted_at is not null;`);

    this.addSql(`create table "roles" ("organization_id" uuid not null, "id" uuid not null, "key" varchar(255) not null, "name" varchar(255) not null, "built_in" boolean not null, "parent_id" uuid null, "permissions" jsonb not null default '[]', "constraints" jsonb not null default '[]', "version" int not null default 1, "created_at" timestamptz(3) not null, primary key ("organization_id", "id"));`);
    this.addSql(`create index "roles_organization_id_created_at_id_index" on "roles" ("organization_id", "created_at", "id");`);
    this.addSql(`create index "roles_organization_id_parent_id_index" on "roles" ("organization_id", "parent_id");`);
    this.addSql(`alter table "roles" add constraint "roles_organization_id_key_unique" unique ("organization_id", "key");`);

    this.addSql(`create table "notification_preferences" ("user_id" uuid not null, "channels" jsonb not null, "quiet_from" varchar(255) null, "quiet_to" varchar(255) null, "digest_at" varchar(255) not null, primary key ("user_id"));`);

    this.addSql(`create table "notifications" ("user_id" uuid not null, "id" uuid not null, "organization_id" uuid not null, "type" text not null, "news_key" varchar(255) not null, "actor_id" uuid null, "entity_type" varchar(255) not null, "entity_id" uuid not null, "task_id" uuid null, "comment_id" uuid null, "details" jsonb not null, "in_app" boolean not null, "mail_at" timestamptz(3) null, "read_at" timestamptz(3) null, "delivered_at" timestamptz(3) null, "created_at" timestamptz(3) not null, primary key ("user_id", "id"));`);
    this.addSql(`create index "notifications_unread_index" on "notifications" ("user_id", "id") where read_at is null and in_app = true;`);
    this.addSql(`create index "notifications_mail_index" on "notifications" ("mail_at", "user_id", "id") where mail_at is not null;`);
    this.addSql(`create index "notifications_organization_id_index" on "notifications" ("organization_id");`);
    this.addSql(`create index "notifications_created_at_index" on "notifications" ("created_at");`);
    this.addSql(`alter table "notifications" add constraint "notifications_user_id_news_key_unique" unique ("user_id", "news_key");`);

    this.addSql(`create table "memberships" ("organization_id" uuid not null, "user_id" uuid not null, "status" text not null, "title" varchar(255) null, "version" int not null default 1, "joined_at" timestamptz(3) not null, "ended_at" timestamptz(3) null, "sessions_ended_at" timestamptz(3) null, "created_at" timestamptz(3) not null, "updated_at" timestamptz(3) not null, primary key ("organization_id", "user_id"));`);
    this.addSql(`create index "memberships_user_id_index" on "memberships" ("user_id");`);
    this.addSql(`create index "memberships_organization_id_joined_at_user_id_index" on "memberships" ("organization_id", "joined_at", "user_id");`);
    this.addSql(`create index "memberships_organization_id_status_joined_at_user_id_index" on "memberships" ("organization_id", "status", "joined_at", "user_id");`);

    this.addSql(`create table "tags" ("organization_id" uuid not null, "id" uuid not null, "name" varchar(255) not null, "name_sort" text collate "C" not null, "color" varchar(255) not null, "version" int not null default 1, "created_at" timestamptz(3) not null, "created_by_id" uuid not null, "updated_at" timestamptz(3) not null, "updated_by_id" uuid not null, primary key ("organization_id", "id"));`);
    this.addSql(`alter table "tags" add constraint "tags_organization_id_name_sort_unique" unique ("organization_id", "name_sort");`);

    this.addSql(`create table "service_accounts" ("organization_id" uuid not null, "user_id" uuid not null, "created_at" timestamptz(3) not null, "created_by_id" uuid not null, primary key ("organization_id", "user_id"));`);

    this.addSql(`create table "projects" ("organization_id" uuid not null, "id" uuid not null, "key" varchar(255) not null, "name" varchar(255) not null, "name_sort" text collate "C" not null, "description" text null, "status" text not null, "visibility" text not null, "lead_id" uuid null, "start_date" timestamptz(3) null, "target_date" timestamptz(3) null, "archived_at" timestamptz(3) null, "trash_id" uuid null, "version" int not null default 1, "created_at" timestamptz(3) not null, "created_by_id" uuid not null, "updated_at" timestamptz(3) not null, "updated_by_id" uuid not null, "deleted_at" timestamptz(3) null, primary key ("organization_id", "id"));`);
    this.addSql(`create index "projects_organization_id_created_at_id_index" on "projects" ("organization_id", "created_at", "id");`);
    this.addSql(`create index "projects_organization_id_updated_at_id_index" on "projects" ("organization_id", "updated_at", "id");`);
    this.addSql(`create index "projects_organization_id_name_sort_id_index" on "projects" ("organization_id", "name_sort", "id");`);
    this.addSql(`create index "projects_organization_id_target_date_id_index" on "projects" ("organization_id", "target_date", "id");`);
    this.addSql(`create index "projects_organization_id_lead_id_id_index" on "projects" ("organization_id", "lead_id", "id");`);
    this.addSql(`create index "projects_private_index" on "projects" ("organization_id", "id") where visibility = 'private';`);
    this.addSql(`alter table "projects" add constraint "projects_organization_id_key_unique" unique ("organization_id", "key");`);

    this.addSql(`create table "project_members" ("organization_id" uuid not null, "project_id" uuid not null, "user_id" uuid not null, "created_at" timestamptz(3) not null, "added_by_id" uuid not null, primary key ("organization_id", "project_id", "user_id"));`);
    this.addSql(`create index "project_members_organization_id_project_id_created_9dcbd_index" on "project_members" ("organization_id", "project_id", "created_at", "user_id");`);
    this.addSql(`create index "project_members_organization_id_user_id_project_id_index" on "project_members" ("organization_id", "user_id", "project_id");`);

    this.addSql(`create table "project_keys" ("organization_id" uuid not null, "key" varchar(255) not null, "project_id" uuid not null, primary key ("organization_id", "key"));`);
    this.addSql(`create index "project_keys_organization_id_project_id_index" on "project_keys" ("organization_id", "project_id");`);

    this.addSql(`create table "invitations" ("organization_id" uuid not null, "id" uuid not null, "email" varchar(255) not null, "email_key" varchar(255) not null, "status" text not null, "invited_by_id" uuid not null, "expires_at" timestamptz(3) not null, "expired_at" timestamptz(3) null, "mails_sent" int not null default 0, "mails_since" timestamptz(3) null, "created_at" timestamptz(3) not null, "updated_at" timestamptz(3) not null, primary key ("organization_id", "id"));`);
    this.addSql(`create index "invitations_email_key_index" on "invitations" ("email_key");`);
    this.addSql(`create index "invitations_organization_id_email_key_index" on "invitations" ("organization_id", "email_key");`);
    this.addSql(`create index "invitations_organization_id_created_at_id_index" on "invitations" ("organization_id", "created_at", "id");`);
    this.addSql(`create index "invitations_pending_index" on "invitations" ("organization_id", "created_at", "id") where status = 'pending';`);
    this.addSql(`create index "invitations_expires_at_index" on "invitations" ("expires_at") where status = 'pending' and expired_at is null;`);

    this.addSql(`create table "invitation_roles" ("organization_id" uuid not null, "invitation_id" uuid not null, "role_id" uuid not null, primary key ("organization_id", "invitation_id", "role_id"));`);

    this.addSql(`create table "identity_providers" ("organization_id" uuid not null, "id" uuid not null, "label" varchar(255) not null, "issuer" text not null, "client_id" text not null, "client_secret" text null, "scopes" jsonb not null, "enabled" boolean not null, "create_members" boolean not null, "default_role_id" uuid null, "role_claim" varchar(255) null, "version" int not null default 1, "created_at" timestamptz(3) not null, "created_by_id" uuid not null, "updated_at" timestamptz(3) not null, "updated_by_id" uuid not null, primary key ("organization_id", "id"));`);
    this.addSql(`create index "identity_providers_organization_id_created_at_id_index" on "identity_providers" ("organization_id", "created_at", "id");`);
    this.addSql(`create index "identity_providers_organization_id_default_role_id_index" on "identity_providers" ("organization_id", "default_role_id");`);
    this.addSql(`alter table "identity_providers" add constraint "identity_providers_id_unique" unique ("id");`);

    this.addSql(`create table "identity_provider_roles" ("organization_id" uuid not null, "identity_provider_id" uuid not null, "claim_value" varchar(255) not null, "role_id" uuid not null, primary key ("organization_id", "identity_provider_id", "claim_value", "role_id"));`);
    this.addSql(`create index "identity_provider_roles_organization_id_role_id_index" on "identity_provider_roles" ("organization_id", "role_id");`);

    this.addSql(`create table "departments" ("organization_id" uuid not null, "id" uuid not null, "name" varchar(255) not null, "name_sort" text collate "C" not null, "sibling_key" text not null, "description" text null, "parent_id" uuid null, "path_sort" text collate "C" not null, "head_user_id" uuid null, "version" int not null default 1, "created_at" timestamptz(3) not null, "created_by_id" uuid not null, "updated_at" timestamptz(3) not null, "updated_by_id" uuid not null, primary key ("organization_id", "id"));`);
    this.addSql(`create index "departments_organization_id_parent_id_id_index" on "departments" ("organization_id", "parent_id", "id");`);
    this.addSql(`create index "departments_organization_id_created_at_id_index" on "departments" ("organization_id", "created_at", "id");`);
    this.addSql(`create index "departments_organization_id_name_sort_id_index" on "departments" ("organization_id", "name_sort", "id");`);
    this.addSql(`create index "departments_organization_id_path_sort_index" on "departments" ("organization_id", "path_sort");`);
    this.addSql(`create index "departments_organization_id_head_user_id_index" on "departments" ("organization_id", "head_user_id");`);
    this.addSql(`alter table "departments" add constraint "departments_organization_id_sibling_key_unique" unique ("organization_id", "sibling_key");`);

    this.addSql(`create table "teams" ("organization_id" uuid not null, "id" uuid not null, "name" varchar(255) not null, "name_sort" text collate "C" not null, "description" text null, "department_id" uuid null, "version" int not null default 1, "created_at" timestamptz(3) not null, "created_by_id" uuid not null, "updated_at" timestamptz(3) not null, "updated_by_id" uuid not null, primary key ("organization_id", "id"));`);
    this.addSql(`create index "teams_organization_id_department_id_id_index" on "teams" ("organization_id", "department_id", "id");`);
    this.addSql(`create index "teams_organization_id_created_at_id_index" on "teams" ("organization_id", "created_at", "id");`);
    this.addSql(`alter table "teams" add constraint "teams_organization_id_name_sort_unique" unique ("organization_id", "name_sort");`);

    this.addSql(`create table "team_members" ("organization_id" uuid not null, "team_id" uuid not null, "user_id" uuid not null, "added_at" timestamptz(3) not null, "added_by_id" uuid not null, primary key ("organization_id", "team_id", "user_id"));`);
    this.addSql(`create index "team_members_organization_id_team_id_added_at_user_id_index" on "team_members" ("organization_id", "team_id", "added_at", "user_id");`);
    this.addSql(`create index "team_members_organization_id_user_id_team_id_index" on "team_members" ("organization_id", "user_id", "team_id");`);

    this.addSql(`create table "tasks" ("organization_id" uuid not null, "id" uuid not null, "number" int not null, "title" varchar(255) not null, "title_sort" text collate "C" not null, "description" text null, "status" text not null, "status_rank" smallint not null, "priority" text not null, "priority_rank" smallint not null, "due_date" timestamptz(3) null, "start_date" timestamptz(3) null, "estimated_hours" int null, "actual_hours" int null, "completed_at" timestamptz(3) null, "parent_id" uuid null, "team_id" uuid null, "project_id" uuid null, "project_number" int null, "position" varchar(255) null, "is_linked" boolean not null default false, "trash_id" uuid null, "version" int not null default 1, "created_at" timestamptz(3) not null, "created_by_id" uuid not null, "updated_at" timestamptz(3) not null, "updated_by_id" uuid not null, "deleted_at" timestamptz(3) null, primary key ("organization_id", "id"));`);
    this.addSql(`create index "tasks_created_index" on "tasks" ("organization_id", "created_at", "id") where deleted_at is null;`);
    this.addSql(`create index "tasks_updated_index" on "tasks" ("organization_id", "updated_at", "id") where deleted_at is null;`);
    this.addSql(`create index "tasks_due_index" on "tasks" ("organization_id", "due_date", "id") where deleted_at is null;`);
    this.addSql(`create index "tasks_title_index" on "tasks" ("organization_id", "title_sort", "id") where deleted_at is null;`);
    this.addSql(`create index "tasks_priority_index" on "tasks" ("organization_id", "priority_rank", "created_at", "id") where deleted_at is null;`);
    this.addSql(`create index "tasks_status_index" on "tasks" ("organization_id", "status_rank", "created_at", "id", "completed_at", "actual_hours") where deleted_at is null;`);
    this.addSql(`create index "tasks_creator_index" on "tasks" ("organization_id", "created_by_id", "created_at", "id") where deleted_at is null;`);
    this.addSql(`create index "tasks_overdue_index" on "tasks" ("organization_id", "due_date", "id") where deleted_at is null and status_rank < 3 and due_date is not null;`);
    this.addSql(`create index "tasks_completed_index" on "tasks" ("organization_id", "completed_at", "id") where deleted_at is null and completed_at is not null;`);
    this.addSql(`create index "tasks_team_index" on "tasks" ("organization_id", "team_id", "created_at", "id");`);
    this.addSql(`create index "tasks_project_index" on "tasks" ("organization_id", "project_id", "created_at", "id") where project_id is not null;`);
    this.addSql(`create index "tasks_position_index" on "tasks" ("organization_id", "project_id", "position", "id") where project_id is not null and deleted_at is null;`);
    this.addSql(`create index "tasks_key_index" on "tasks" ("organization_id", "project_id", "project_number", "id") where project_id is not null;`);
    this.addSql(`create index "tasks_parent_index" on "tasks" ("organization_id", "parent_id", "created_at", "id") where parent_id is not null;`);
    this.addSql(`create index "tasks_trashed_index" on "tasks" ("organization_id", "deleted_at", "id") where deleted_at is not null;`);
    this.addSql(`create index "tasks_trash_created_index" on "tasks" ("organization_id", "created_at", "id") where deleted_at is not null;`);
    this.addSql(`create index "tasks_trash_index" on "tasks" ("organization_id", "trash_id", "id") where trash_id is not null;`);
    this.addSql(`alter table "tasks" add constraint "tasks_organization_id_number_unique" unique ("organization_id", "number");`);

    this.addSql(`create table "task_watchers" ("organization_id" uuid not null, "task_id" uuid not null, "user_id" uuid not null, "reason" text not null, "muted" boolean not null, "added_at" timestamptz(3) not null, "added_by_id" uuid not null, primary key ("organization_id", "task_id", "user_id"));`);
    this.addSql(`create index "task_watchers_user_index" on "task_watchers" ("organization_id", "user_id", "task_id");`);

    this.addSql(`create table "task_tags" ("organization_id" uuid not null, "task_id" uuid not null, "tag_id" uuid not null, "created_at" timestamptz(3) not null, primary key ("organization_id", "task_id", "tag_id"));`);
    this.addSql(`create index "task_tags_tag_index" on "task_tags" ("organization_id", "tag_id", "created_at", "task_id");`);

    this.addSql(`create table "task_keys" ("organization_id" uuid not null, "project_id" uuid not null, "number" int not null, "task_id" uuid not null, primary key ("organization_id", "project_id", "number"));`);
    this.addSql(`create index "task_keys_organization_id_task_id_index" on "task_keys" ("organization_id", "task_id");`);

    this.addSql(`create table "task_dependencies" ("organization_id" uuid not null, "task_id" uuid not null, "blocker_id" uuid not null, "is_open" boolean not null, primary key ("organization_id", "task_id", "blocker_id"));`);
    this.addSql(`create index "task_dependencies_blocker_index" on "task_dependencies" ("organization_id", "blocker_id", "task_id");`);
    this.addSql(`create index "task_dependencies_open_index" on "task_dependencies" ("organization_id", "task_id") where is_open;`);

    this.addSql(`create table "task_assignees" ("organization_id" uuid not null, "task_id" uuid not null, "user_id" uuid not null, "position" smallint not null, "created_at" timestamptz(3) not null, primary key ("organization_id", "task_id", "user_id"));`);
    this.addSql(`create index "task_assignees_user_index" on "task_assignees" ("organization_id", "user_id", "created_at", "task_id");`);

    this.addSql(`create table "due_notices" ("organization_id" uuid not null, "task_id" uuid not null, "type" text not null, "due_date" timestamptz(3) not null, primary key ("organization_id", "task_id", "type"));`);
    this.addSql(`create index "due_notices_due_date_index" on "due_notices" ("due_date");`);

    this.addSql(`create table "role_assignments" ("organization_id" uuid not null, "id" uuid not null, "user_id" uuid not null, "role_id" uuid not null, "department_id" uuid null, "team_id" uuid null, "project_id" uuid null, "scope_key" varchar(255) not null, "valid_to" timestamptz(3) null, "created_at" timestamptz(3) not null, "created_by_id" uuid not null, primary key ("organization_id", "id"));`);
    this.addSql(`create index "role_assignments_organization_id_created_at_id_index" on "role_assignments" ("organization_id", "created_at", "id");`);
    this.addSql(`create index "role_assignments_organization_id_role_id_created_at_id_index" on "role_assignments" ("organization_id", "role_id", "created_at", "id");`);
    this.addSql(`create index "role_assignments_department_index" on "role_assignments" ("organization_id", "department_id", "created_at", "id") where department_id is not null;`);
    this.addSql(`create index "role_assignments_team_index" on "role_assignments" ("organization_id", "team_id", "created_at", "id") where team_id is not null;`);
    this.addSql(`create index "role_assignments_project_index" on "role_assignments" ("organization_id", "project_id", "created_at", "id") where project_id is not null;`);
    this.addSql(`create index "role_assignments_user_id_organization_id_created_at_id_index" on "role_assignments" ("user_id", "organization_id", "created_at", "id");`);
    this.addSql(`alter table "role_assignments" add constraint "role_assignments_organization_id_user_id_role_id__f0017_unique" unique ("organization_id", "user_id", "role_id", "scope_key");`);

    this.addSql(`create table "department_members" ("organization_id" uuid not null, "user_id" uuid not null, "department_id" uuid not null, "added_at" timestamptz(3) not null, "added_by_id" uuid not null, primary key ("organization_id", "user_id"));`);
    this.addSql(`create index "department_members_organization_id_department_id_a_49ac5_index" on "department_members" ("organization_id", "department_id", "added_at", "user_id");`);

    this.addSql(`create table "comments" ("organization_id" uuid not null, "id" uuid not null, "task_id" uuid not null, "parent_id" uuid null, "body" text not null, "mention_ids" jsonb not null, "edited_at" timestamptz(3) null, "version" int not null default 1, "created_at" timestamptz(3) not null, "created_by_id" uuid not null, "updated_at" timestamptz(3) not null, "updated_by_id" uuid not null, "deleted_at" timestamptz(3) null, primary key ("organization_id", "id"));`);
    this.addSql(`create index "comments_organization_id_task_id_created_at_id_index" on "comments" ("organization_id", "task_id", "created_at", "id");`);
    this.addSql(`create index "comments_parent_index" on "comments" ("organization_id", "parent_id") where parent_id is not null;`);
    this.addSql(`create index "comments_deleted_index" on "comments" ("deleted_at") where deleted_at is not null;`);

    this.addSql(`create table "attachments" ("organization_id" uuid not null, "id" uuid not null, "task_id" uuid null, "comment_id" uuid null, "project_id" uuid null, "file_name" text not null, "media_type" text not null, "size" double precision not null, "sha256" varchar(255) not null, "version" int not null default 1, "created_at" timestamptz(3) not null, "created_by_id" uuid not null, "updated_at" timestamptz(3) not null, "updated_by_id" uuid not null, "deleted_at" timestamptz(3) null, primary key ("organization_id", "id"));`);
    this.addSql(`create index "attachments_organization_id_task_id_created_at_id_index" on "attachments" ("organization_id", "task_id", "created_at", "id");`);
    this.addSql(`create index "attachments_comment_index" on "attachments" ("organization_id", "comment_id", "created_at", "id") where comment_id is not null;`);
    this.addSql(`create index "attachments_project_index" on "attachments" ("organization_id", "project_id", "created_at", "id") where project_id is not null;`);
    this.addSql(`create index "attachments_trashed_index" on "attachments" ("deleted_at") where deleted_at is not null;`);

    this.addSql(`create table "api_keys" ("organization_id" uuid not null, "id" uuid not null, "name" varchar(255) not null, "prefix" varchar(255) not null, "secret_hash" varchar(255) not null, "user_id" uuid not null, "scopes" jsonb not null, "expires_at" timestamptz(3) null, "last_used_at" timestamptz(3) null, "is_active" boolean not null, "version" int not null default 1, "created_at" timestamptz(3) not null, "created_by_id" uuid not null, "updated_at" timestamptz(3) not null, "updated_by_id" uuid not null, primary key ("organization_id", "id"));`);
    this.addSql(`alter table "api_keys" add constraint "api_keys_secret_hash_unique" unique ("secret_hash");`);
    this.addSql(`create index "api_keys_organization_id_created_at_id_index" on "api_keys" ("organization_id", "created_at", "id");`);
    this.addSql(`create index "api_keys_organization_id_user_id_index" on "api_keys" ("organization_id", "user_id");`);

    this.addSql(`create table "email_changes" ("id" uuid not null, "user_id" uuid not null, "from_email" varchar(255) not null, "from_email_key" varchar(255) not null, "to_email" varchar(255) not null, "status" text not null, "expires_at" timestamptz(3) not null, "undo_until" timestamptz(3) null, "created_at" timestamptz(3) not null, primary key ("id"));`);
    this.addSql(`create index "email_changes_user_id_index" on "email_changes" ("user_id");`);
    this.addSql(`create index "email_changes_from_email_key_index" on "email_changes" ("from_email_key");`);
    this.addSql(`create index "email_changes_expires_at_index" on "email_changes" ("expires_at");`);

    this.addSql(`create table "credentials" ("user_id" uuid not null, "password_hash" text not null, "updated_at" timestamptz(3) not null, primary key ("user_id"));`);

    this.addSql(`create table "user_identities" ("id" uuid not null, "user_id" uuid not null, "realm" varchar(255) not null default 'installation', "issuer" text not null, "subject" text not null, "created_at" timestamptz(3) not null, "last_used_at" timestamptz(3) not null, "disabled_at" timestamptz(3) null, primary key ("id"));`);
    this.addSql(`create index "user_identities_user_id_index" on "user_identities" ("user_id");`);
    this.addSql(`alter table "user_identities" add constraint "user_identities_realm_issuer_subject_unique" unique ("realm", "issuer", "subject");`);

    this.addSql(`create table "webhooks" ("organization_id" uuid not null, "id" uuid not null, "url" text not null, "host" text not null, "events" jsonb not null, "description" text null, "is_active" boolean not null, "disabled_reason" text null, "failing_since" timestamptz(3) null, "secret" text not null, "previous_secret" text null, "previous_secret_ends_at" timestamptz(3) null, "runs_as_id" uuid not null, "runs_as_scopes" jsonb null, "version" int not null default 1, "created_at" timestamptz(3) not null, "created_by_id" uuid not null, "updated_at" timestamptz(3) not null, "updated_by_id" uuid not null, primary key ("organization_id", "id"));`);
    this.addSql(`create index "webhooks_organization_id_created_at_id_index" on "webhooks" ("organization_id", "created_at", "id");`);
    this.addSql(`create index "webhooks_organization_id_runs_as_id_id_index" on "webhooks" ("organization_id", "runs_as_id", "id");`);

    this.addSql(`create table "webhook_deliveries" ("organization_id" uuid not null, "webhook_id" uuid not null, "id" uuid not null, "event_id" uuid not null, "event_type" varchar(255) not null, "status" text not null, "next_attempt_at" timestamptz(3) null, "failures" int not null, "claims" int not null, "log" jsonb not null, "created_at" timestamptz(3) not null, primary key ("organization_id", "webhook_id", "id"));`);
    this.addSql(`create index "webhook_deliveries_queue_index" on "webhook_deliveries" ("webhook_id", "next_attempt_at", "id") where next_attempt_at is not null;`);
    this.addSql(`create index "webhook_deliveries_failed_index" on "webhook_deliveries" ("organization_id", "webhook_id", "id") where status = 'failed';`);
    this.addSql(`alter table "webhook_deliveries" add constraint "webhook_deliveries_webhook_id_event_id_unique" unique ("webhook_id", "event_id");`);

    this.addSql(`alter table "api_requests" enable row level security;`);
    this.addSql(`alter table "api_requests" force row level security;`);
    this.addSql(`create policy "api_requests_system" on "api_requests" to "tenon_system" using (true) with check (true);`);
    this.addSql(`create policy "api_requests_identity" on "api_requests" to "tenon_identity" using (true) with check (true);`);
    this.addSql(`create policy "api_requests_request" on "api_requests" to "tenon_request" using (api_requests.organization_id = (select nullif(current_setting('app.organization_id', true), '')::uuid)) with check (api_requests.organization_id = (select nullif(current_setting('app.organization_id', true), '')::uuid));`);

    this.addSql(`alter table "api_usage" enable row level security;`);
    this.addSql(`alter table "api_usage" force row level security;`);
    this.addSql(`create policy "api_usage_system" on "api_usage" to "tenon_system" using (true) with check (true);`);
    this.addSql(`create policy "api_usage_identity" on "api_usage" to "tenon_identity" using (true) with check (true);`);
    this.addSql(`create policy "api_usage_request" on "api_usage" to "tenon_request" using (api_usage.organization_id = (select nullif(current_setting('app.organization_id', true), '')::uuid)) with check (api_usage.organization_id = (select nullif(current_setting('app.organization_id', true), '')::uuid));`);

    this.addSql(`alter table "attachment_totals" enable row level security;`);
    this.addSql(`alter table "attachment_totals" force row level security;`);
    this.addSql(`create policy "attachment_totals_system" on "attachment_totals" to "tenon_system" using (true) with check (true);`);
    this.addSql(`create policy "attachment_totals_request" on "attachment_totals" to "tenon_request" using (attachment_totals.organization_id = (select nullif(current_setting('app.organization_id', true), '')::uuid)) with check (attachment_totals.organization_id = (select nullif(current_setting('app.organization_id', true), '')::uuid));`);

    this.addSql(`alter table "counters" enable row level security;`);
    this.addSql(`alter table "counters" force row level security;`);
    this.addSql(`create policy "counters_system" on "counters" to "tenon_system" using (true) with check (true);`);
    this.addSql(`create policy "counters_request" on "counters" to "tenon_request" using (counters.organization_id = (select nullif(current_setting('app.organization_id', true), '')::uuid)) with check (counters.organization_id = (select nullif(current_setting('app.organization_id', true), '')::uuid));`);

    this.addSql(`alter table "events" enable row level security;`);
    this.addSql(`alter table "events" force row level security;`);
    this.addSql(`create policy "events_system" on "events" to "tenon_system" using (true) with check (true);`);
    this.addSql(`create policy "events_identity" on "events" to "tenon_identity" using (true) with check (true);`);
    this.addSql(`create policy "events_request" on "events" to "tenon_request" using (events.organization_id = (select nullif(current_setting('app.organization_id', true), '')::uuid)) with check (events.organization_id = (select nullif(current_setting('app.organization_id', true), '')::uuid) or (events.organization_id is null and events.actor_id = (select nullif(current_setting('app.user_id', true), '')::uuid)));`);

    this.addSql(`alter table "event_payloads" add constraint "event_payloads_event_id_foreign" foreign key ("event_id") references "events" ("id") on update no action on delete cascade;`);
    this.addSql(`alter table "event_payloads" enable row level security;`);
    this.addSql(`alter table "event_payloads" force row level security;`);
    this.addSql(`create policy "event_payloads_system" on "event_payloads" to "tenon_system" using (true) with check (true);`);
    this.addSql(`create policy "event_payloads_identity" on "event_payloads" to "tenon_identity" using (true) with check (true);`);
    this.addSql(`create policy "event_payloads_request" on "event_payloads" to "tenon_request" using (event_payloads.organization_id = (select nullif(current_setting('app.organization_id', true), '')::uuid)) with check (event_payloads.organization_id = (select nullif(current_setting('app.organization_id', true), '')::uuid) or event_payloads.organization_id is null);`);

    this.addSql(`alter table "event_seals" enable row level security;`);
    this.addSql(`alter table "event_seals" force row level security;`);
    this.addSql(`create policy "event_seals_system" on "event_seals" to "tenon_system" using (true) with check (true);`);
    this.addSql(`create policy "event_seals_request" on "event_seals" to "tenon_request" using (event_seals.organization_id = (select nullif(current_setting('app.organization_id', true), '')::uuid)) with check (false);`);

    this.addSql(`alter table "event_walks" enable row level security;`);
    this.addSql(`alter table "event_walks" force row level security;`);
    this.addSql(`create policy "event_walks_system" on "event_walks" to "tenon_system" using (true) with check (true);`);

    this.addSql(`alter table "idempotency_keys" enable row level security;`);
    this.addSql(`alter table "idempotency_keys" force row level security;`);
    this.addSql(`create policy "idempotency_keys_system" on "idempotency_keys" to "tenon_system" using (true) with check (true);`);
    this.addSql(`create policy "idempotency_keys_identity" on "idempotency_keys" to "tenon_identity" using (true) with check (true);`);
    this.addSql(`create policy "idempotency_keys_request" on "idempotency_keys" to "tenon_request" using (idempotency_keys.user_id = (select nullif(current_setting('app.user_id', true), '')::uuid)) with check (idempotency_keys.user_id = (select nullif(current_setting('app.user_id', true), '')::uuid));`);

    this.addSql(`alter table "jobs" add constraint "jobs_status_check" check ("status" in ('waiting', 'done', 'dead', 'cancelled'));`);
    this.addSql(`alter table "jobs" enable row level security;`);
    this.addSql(`alter table "jobs" force row level security;`);
    this.addSql(`create policy "jobs_system" on "jobs" to "tenon_system" using (true) with check (true);`);
    this.addSql(`create policy "jobs_identity" on "jobs" to "tenon_identity" using (true) with check (true);`);
    this.addSql(`create policy "jobs_request" on "jobs" to "tenon_request" using (jobs.organization_id = (select nullif(current_setting('app.organization_id', true), '')::uuid)) with check (jobs.organization_id = (select nullif(current_setting('app.organization_id', true), '')::uuid));`);

    this.addSql(`alter table "oidc_flows" add constraint "oidc_flows_transport_check" check ("transport" in ('cookie', 'body'));`);
    this.addSql(`alter table "oidc_flows" enable row level security;`);
    this.addSql(`alter table "oidc_flows" force row level security;`);
    this.addSql(`create policy "oidc_flows_system" on "oidc_flows" to "tenon_system" using (true) with check (true);`);
    this.addSql(`create policy "oidc_flows_identity" on "oidc_flows" to "tenon_identity" using (true) with check (true);`);

    this.addSql(`alter table "oidc_logout_tokens" enable row level security;`);
    this.addSql(`alter table "oidc_logout_tokens" force row level security;`);
    this.addSql(`create policy "oidc_logout_tokens_system" on "oidc_logout_tokens" to "tenon_system" using (true) with check (true);`);
    this.addSql(`create policy "oidc_logout_tokens_identity" on "oidc_logout_tokens" to "tenon_identity" using (true) with check (true);`);

    this.addSql(`alter table "task_figures" enable row level security;`);
    this.addSql(`alter table "task_figures" force row level security;`);
    this.addSql(`create policy "task_figures_system" on "task_figures" to "tenon_system" using (true) with check (true);`);
    this.addSql(`create policy "task_figures_request" on "task_figures" to "tenon_request" using (task_figures.organization_id = (select nullif(current_setting('app.organization_id', true), '')::uuid)) with check (false);`);

    this.addSql(`alter table "task_figure_changes" enable row level security;`);
    this.addSql(`alter table "task_figure_changes" force row level security;`);
    this.addSql(`create policy "task_figure_changes_system" on "task_figure_changes" to "tenon_system" using (true) with check (true);`);
    this.addSql(`create policy "task_figure_changes_request" on "task_figure_changes" to "tenon_request" using (task_figure_changes.organization_id = (select nullif(current_setting('app.organization_id', true), '')::uuid)) with check (task_figure_changes.organization_id = (select nullif(current_setting('app.organization_id', true), '')::uuid));`);

    this.addSql(`alter table "throttles" enable row level security;`);
    this.addSql(`alter table "throttles" force row level security;`);
    this.addSql(`create policy "throttles_system" on "throttles" to "tenon_system" using (true) with check (true);`);
    this.addSql(`create policy "throttles_identity" on "throttles" to "tenon_identity" using (true) with check (true);`);

    this.addSql(`alter table "users" add constraint "users_kind_check" check ("kind" in ('person', 'service'));`);
    this.addSql(`alter table "users" enable row level security;`);
    this.addSql(`alter table "users" force row level security;`);
    this.addSql(`create policy "users_system" on "users" to "tenon_system" using (true) with check (true);`);
    this.addSql(`create policy "users_identity" on "users" to "tenon_identity" using (true) with check (true);`);
    this.addSql(`create policy "users_request" on "users" to "tenon_request" using (users.id = (select nullif(current_setting('app.user_id', true), '')::uuid) or exists (select 1 from memberships m where m.organization_id = (select nullif(current_setting('app.organization_id', true), '')::uuid) and m.user_id = users.id)) with check (users.id = (select nullif(current_setting('app.user_id', true), '')::uuid));`);

    this.addSql(`alter table "totp_credentials" add constraint "totp_credentials_user_id_foreign" foreign key ("user_id") references "users" ("id") on update no action on delete cascade;`);
    this.addSql(`alter table "totp_credentials" enable row level security;`);
    this.addSql(`alter table "totp_credentials" force row level security;`);
    this.addSql(`create policy "totp_credentials_system" on "totp_credentials" to "tenon_system" using (true) with check (true);`);
    this.addSql(`create policy "totp_credentials_identity" on "totp_credentials" to "tenon_identity" using (true) with check (true);`);
    this.addSql(`create policy "totp_credentials_request" on "totp_credentials" to "tenon_request" using (totp_credentials.user_id = (select nullif(current_setting('app.user_id', true), '')::uuid)) with check (totp_credentials.user_id = (select nullif(current_setting('app.user_id', true), '')::uuid));`);

    this.addSql(`alter table "sign_in_challenges" add constraint "sign_in_challenges_user_id_foreign" foreign key ("user_id") references "users" ("id") on update no action on delete cascade;`);
    this.addSql(`alter table "sign_in_challenges" enable row level security;`);
    this.addSql(`alter table "sign_in_challenges" force row level security;`);
    this.addSql(`create policy "sign_in_challenges_system" on "sign_in_challenges" to "tenon_system" using (true) with check (true);`);
    this.addSql(`create policy "sign_in_challenges_identity" on "sign_in_challenges" to "tenon_identity" using (true) with check (true);`);

    this.addSql(`alter table "sessions" add constraint "sessions_user_id_foreign" foreign key ("user_id") references "users" ("id") on update no action on delete cascade;`);
    this.addSql(`alter table "sessions" enable row level security;`);
    this.addSql(`alter table "sessions" force row level security;`);
    this.addSql(`create policy "sessions_system" on "sessions" to "tenon_system" using (true) with check (true);`);
    this.addSql(`create policy "sessions_identity" on "sessions" to "tenon_identity" using (true) with check (true);`);
    this.addSql(`create policy "sessions_request" on "sessions" to "tenon_request" using (sessions.user_id = (select nullif(current_setting('app.user_id', true), '')::uuid)) with check (sessions.user_id = (select nullif(current_setting('app.user_id', true), '')::uuid));`);

    this.addSql(`alter table "refresh_tokens" add constraint "refresh_tokens_session_id_foreign" foreign key ("session_id") references "sessions" ("id") on update no action on delete cascade;`);
    this.addSql(`alter table "refresh_tokens" enable row level security;`);
    this.addSql(`alter table "refresh_tokens" force row level security;`);
    this.addSql(`create policy "refresh_tokens_system" on "refresh_tokens" to "tenon_system" using (true) with check (true);`);
    this.addSql(`create policy "refresh_tokens_identity" on "refresh_tokens" to "tenon_identity" using (true) with check (true);`);
    this.addSql(`create policy "refresh_tokens_request" on "refresh_tokens" to "tenon_request" using (refresh_tokens.user_id = (select nullif(current_setting('app.user_id', true), '')::uuid)) with check (refresh_tokens.user_id = (select nullif(current_setting('app.user_id', true), '')::uuid));`);

    this.addSql(`alter table "oidc_sessions" add constraint "oidc_sessions_session_id_foreign" foreign key ("session_id") references "sessions" ("id") on update no action on delete cascade;`);
    this.addSql(`alter table "oidc_sessions" enable row level security;`);
    this.addSql(`alter table "oidc_sessions" force row level security;`);
    this.addSql(`create policy "oidc_sessions_system" on "oidc_sessions" to "tenon_system" using (true) with check (true);`);
    this.addSql(`create policy "oidc_sessions_identity" on "oidc_sessions" to "tenon_identity" using (true) with check (true);`);
    this.addSql(`create policy "oidc_sessions_request" on "oidc_sessions" to "tenon_request" using (oidc_sessions.user_id = (select nullif(current_setting('app.user_id', true), '')::uuid)) with check (oidc_sessions.user_id = (select nullif(current_setting('app.user_id', true), '')::uuid));`);

    this.addSql(`alter table "recovery_codes" add constraint "recovery_codes_user_id_foreign" foreign key ("user_id") references "users" ("id") on update no action on delete cascade;`);
    this.addSql(`alter table "recovery_codes" enable row level security;`);
    this.addSql(`alter table "recovery_codes" force row level security;`);
    this.addSql(`create policy "recovery_codes_system" on "recovery_codes" to "tenon_system" using (true) with check (true);`);
    this.addSql(`create policy "recovery_codes_identity" on "recovery_codes" to "tenon_identity" using (true) with check (true);`);
    this.addSql(`create policy "recovery_codes_request" on "recovery_codes" to "tenon_request" using (recovery_codes.user_id = (select nullif(current_setting('app.user_id', true), '')::uuid)) with check (recovery_codes.user_id = (select nullif(current_setting('app.user_id', true), '')::uuid));`);

    this.addSql(`alter table "passkeys" add constraint "passkeys_user_id_foreign" foreign key ("user_id") references "users" ("id") on update no action on delete cascade;`);
    this.addSql(`alter table "passkeys" enable row level security;`);
    this.addSql(`alter table "passkeys" force row level security;`);
    this.addSql(`create policy "passkeys_system" on "passkeys" to "tenon_system" using (true) with check (true);`);
    this.addSql(`create policy "passkeys_identity" on "passkeys" to "tenon_identity" using (true) with check (true);`);
    this.addSql(`create policy "passkeys_request" on "passkeys" to "tenon_request" using (passkeys.user_id = (select nullif(current_setting('app.user_id', true), '')::uuid)) with check (passkeys.user_id = (select nullif(current_setting('app.user_id', true), '')::uuid));`);

    this.addSql(`alter table "organizations" add constraint "organizations_created_by_id_foreign" foreign key ("created_by_id") references "users" ("id") on update no action on delete restrict;`);
    this.addSql(`alter table "organizations" add constraint "organizations_tier_check" check ("tier" in ('free', 'pro', 'enterprise'));`);
    this.addSql(`alter table "organizations" enable row level security;`);
    this.addSql(`alter table "organizations" force row level security;`);
    this.addSql(`create policy "organizations_system" on "organizations" to "tenon_system" using (true) with check (true);`);
    this.addSql(`create policy "organizations_identity" on "organizations" to "tenon_identity" using (true) with check (true);`);
    this.addSql(`create policy "organizations_request" on "organizations" to "tenon_request" using (organizations.id = (select nullif(current_setting('app.organization_id', true), '')::uuid) or exists (select 1 from memberships m where m.organization_id = organizations.id and m.user_id = (select nullif(current_setting('app.user_id', true), '')::uuid))) with check (organizations.id = (select nullif(current_setting('app.organization_id', true), '')::uuid));`);

    this.addSql(`alter table "roles" add constraint "roles_organization_id_foreign" foreign key ("organization_id") references "organizations" ("id") on update no action on delete restrict;`);
    this.addSql(`alter table "roles" add constraint "roles_organization_id_parent_id_foreign" foreign key ("organization_id", "parent_id") references "roles" ("organization_id", "id") on update no action on delete restrict;`);
    this.addSql(`alter table "roles" enable row level security;`);
    this.addSql(`alter table "roles" force row level security;`);
    this.addSql(`create policy "roles_system" on "roles" to "tenon_system" using (true) with check (true);`);
    this.addSql(`create policy "roles_identity" on "roles" to "tenon_identity" using (true) with check (true);`);
    this.addSql(`create policy "roles_request" on "roles" to "tenon_request" using (roles.organization_id = (select nullif(current_setting('app.organization_id', true), '')::uuid)) with check (roles.organization_id = (select nullif(current_setting('app.organization_id', true), '')::uuid));`);

    this.addSql(`alter table "notification_preferences" add constraint "notification_preferences_user_id_foreign" foreign key ("user_id") references "users" ("id") on update no action on delete cascade;`);
    this.addSql(`alter table "notification_preferences" enable row level security;`);
    this.addSql(`alter table "notification_preferences" force row level security;`);
    this.addSql(`create policy "notification_preferences_system" on "notification_preferences" to "tenon_system" using (true) with check (true);`);
    this.addSql(`create policy "notification_preferences_request" on "notification_preferences" to "tenon_request" using (notification_preferences.user_id = (select nullif(current_setting('app.user_id', true), '')::uuid)) with check (notification_preferences.user_id = (select nullif(current_setting('app.user_id', true), '')::uuid));`);

    this.addSql(`alter table "notifications" add constraint "notifications_user_id_foreign" foreign key ("user_id") references "users" ("id") on update no action on delete cascade;`);
    this.addSql(`alter table "notifications" add constraint "notifications_type_check" check ("type" in ('task.assigned', 'task.mentioned', 'task.commented', 'task.status_changed', 'task.due_soon', 'task.overdue', 'invitation.received', 'webhook.disabled'));`);
    this.addSql(`alter table "notifications" enable row level security;`);
    this.addSql(`alter table "notifications" force row level security;`);
    this.addSql(`create policy "notifications_system" on "notifications" to "tenon_system" using (true) with check (true);`);
    this.addSql(`create policy "notifications_request" on "notifications" to "tenon_request" using (notifications.user_id = (select nullif(current_setting('app.user_id', true), '')::uuid)) with check (notifications.user_id = (select nullif(current_setting('app.user_id', true), '')::uuid));`);

    this.addSql(`alter table "memberships" add constraint "memberships_organization_id_foreign" foreign key ("organization_id") references "organizations" ("id") on update no action on delete restrict;`);
    this.addSql(`alter table "memberships" add constraint "memberships_user_id_foreign" foreign key ("user_id") references "users" ("id") on update no action on delete restrict;`);
    this.addSql(`alter table "memberships" add constraint "memberships_status_check" check ("status" in ('active', 'suspended', 'ended'));`);
    this.addSql(`alter table "memberships" enable row level security;`);
    this.addSql(`alter table "memberships" force row level security;`);
    this.addSql(`create policy "memberships_system" on "memberships" to "tenon_system" using (true) with check (true);`);
    this.addSql(`create policy "memberships_identity" on "memberships" to "tenon_identity" using (true) with check (true);`);
    this.addSql(`create policy "memberships_request" on "memberships" to "tenon_request" using (memberships.organization_id = (select nullif(current_setting('app.organization_id', true), '')::uuid) or memberships.user_id = (select nullif(current_setting('app.user_id', true), '')::uuid)) with check (memberships.organization_id = (select nullif(current_setting('app.organization_id', true), '')::uuid));`);

    this.addSql(`alter table "tags" add constraint "tags_organization_id_created_by_id_foreign" foreign key ("organization_id", "created_by_id") references "memberships" ("organization_id", "user_id") on update no action on delete restrict;`);
    this.addSql(`alter table "tags" add constraint "tags_organization_id_updated_by_id_foreign" foreign key ("organization_id", "updated_by_id") references "memberships" ("organization_id", "user_id") on update no action on delete restrict;`);
    this.addSql(`alter table "tags" enable row level security;`);
    this.addSql(`alter table "tags" force row level security;`);
    this.addSql(`create policy "tags_system" on "tags" to "tenon_system" using (true) with check (true);`);
    this.addSql(`create policy "tags_request" on "tags" to "tenon_request" using (tags.organization_id = (select nullif(current_setting('app.organization_id', true), '')::uuid)) with check (tags.organization_id = (select nullif(current_setting('app.organization_id', true), '')::uuid));`);

    this.addSql(`alter table "service_accounts" add constraint "service_accounts_organization_id_user_id_foreign" foreign key ("organization_id", "user_id") references "memberships" ("organization_id", "user_id") on update no action on delete restrict;`);
    this.addSql(`alter table "service_accounts" add constraint "service_accounts_organization_id_created_by_id_foreign" foreign key ("organization_id", "created_by_id") references "memberships" ("organization_id", "user_id") on update no action on delete restrict;`);
    this.addSql(`alter table "service_accounts" enable row level security;`);
    this.addSql(`alter table "service_accounts" force row level security;`);
    this.addSql(`create policy "service_accounts_system" on "service_accounts" to "tenon_system" using (true) with check (true);`);
    this.addSql(`create policy "service_accounts_identity" on "service_accounts" to "tenon_identity" using (true) with check (true);`);
    this.addSql(`create policy "service_accounts_request" on "service_accounts" to "tenon_request" using (service_accounts.organization_id = (select nullif(current_setting('app.organization_id', true), '')::uuid)) with check (service_accounts.organization_id = (select nullif(current_setting('app.organization_id', true), '')::uuid));`);

    this.addSql(`alter table "projects" add constraint "projects_organization_id_lead_id_foreign" foreign key ("organization_id", "lead_id") references "memberships" ("organization_id", "user_id") on update no action on delete restrict;`);
    this.addSql(`alter table "projects" add constraint "projects_organization_id_created_by_id_foreign" foreign key ("organization_id", "created_by_id") references "memberships" ("organization_id", "user_id") on update no action on delete restrict;`);
    this.addSql(`alter table "projects" add constraint "projects_organization_id_updated_by_id_foreign" foreign key ("organization_id", "updated_by_id") references "memberships" ("organization_id", "user_id") on update no action on delete restrict;`);
    this.addSql(`alter table "projects" add constraint "projects_status_check" check ("status" in ('planned', 'active', 'paused', 'completed', 'cancelled'));`);
    this.addSql(`alter table "projects" add constraint "projects_visibility_check" check ("visibility" in ('organization', 'private'));`);
    this.addSql(`alter table "projects" enable row level security;`);
    this.addSql(`alter table "projects" force row level security;`);
    this.addSql(`create policy "projects_system" on "projects" to "tenon_system" using (true) with check (true);`);
    this.addSql(`create policy "projects_request" on "projects" to "tenon_request" using (projects.organization_id = (select nullif(current_setting('app.organization_id', true), '')::uuid)) with check (projects.organization_id = (select nullif(current_setting('app.organization_id', true), '')::uuid));`);

    this.addSql(`alter table "project_members" add constraint "project_members_organization_id_project_id_foreign" foreign key ("organization_id", "project_id") references "projects" ("organization_id", "id") on update no action on delete cascade;`);
    this.addSql(`alter table "project_members" add constraint "project_members_organization_id_user_id_foreign" foreign key ("organization_id", "user_id") references "memberships" ("organization_id", "user_id") on update no action on delete restrict;`);
    this.addSql(`alter table "project_members" add constraint "project_members_organization_id_added_by_id_foreign" foreign key ("organization_id", "added_by_id") references "memberships" ("organization_id", "user_id") on update no action on delete restrict;`);
    this.addSql(`alter table "project_members" enable row level security;`);
    this.addSql(`alter table "project_members" force row level security;`);
    this.addSql(`create policy "project_members_system" on "project_members" to "tenon_system" using (true) with check (true);`);
    this.addSql(`create policy "project_members_request" on "project_members" to "tenon_request" using (project_members.organization_id = (select nullif(current_setting('app.organization_id', true), '')::uuid)) with check (project_members.organization_id = (select nullif(current_setting('app.organization_id', true), '')::uuid));`);

    this.addSql(`alter table "project_keys" add constraint "project_keys_organization_id_project_id_foreign" foreign key ("organization_id", "project_id") references "projects" ("organization_id", "id") on update no action on delete cascade;`);
    this.addSql(`alter table "project_keys" enable row level security;`);
    this.addSql(`alter table "project_keys" force row level security;`);
    this.addSql(`create policy "project_keys_system" on "project_keys" to "tenon_system" using (true) with check (true);`);
    this.addSql(`create policy "project_keys_request" on "project_keys" to "tenon_request" using (project_keys.organization_id = (select nullif(current_setting('app.organization_id', true), '')::uuid)) with check (project_keys.organization_id = (select nullif(current_setting('app.organization_id', true), '')::uuid));`);

    this.addSql(`alter table "invitations" add constraint "invitations_organization_id_foreign" foreign key ("organization_id") references "organizations" ("id") on update no action on delete restrict;`);
    this.addSql(`alter table "invitations" add constraint "invitations_organization_id_invited_by_id_foreign" foreign key ("organization_id", "invited_by_id") references "memberships" ("organization_id", "user_id") on update no action on delete restrict;`);
    this.addSql(`alter table "invitations" add constraint "invitations_status_check" check ("status" in ('pending', 'accepted', 'declined', 'revoked'));`);
    this.addSql(`alter table "invitations" enable row level security;`);
    this.addSql(`alter table "invitations" force row level security;`);
    this.addSql(`create policy "invitations_system" on "invitations" to "tenon_system" using (true) with check (true);`);
    this.addSql(`create policy "invitations_identity" on "invitations" to "tenon_identity" using (true) with check (true);`);
    this.addSql(`create policy "invitations_request" on "invitations" to "tenon_request" using (invitations.organization_id = (select nullif(current_setting('app.organization_id', true), '')::uuid)) with check (invitations.organization_id = (select nullif(current_setting('app.organization_id', true), '')::uuid));`);

    this.addSql(`alter table "invitation_roles" add constraint "invitation_roles_organization_id_invitation_id_foreign" foreign key ("organization_id", "invitation_id") references "invitations" ("organization_id", "id") on update no action on delete cascade;`);
    this.addSql(`alter table "invitation_roles" add constraint "invitation_roles_organization_id_role_id_foreign" foreign key ("organization_id", "role_id") references "roles" ("organization_id", "id") on update no action on delete restrict;`);
    this.addSql(`alter table "invitation_roles" enable row level security;`);
    this.addSql(`alter table "invitation_roles" force row level security;`);
    this.addSql(`create policy "invitation_roles_system" on "invitation_roles" to "tenon_system" using (true) with check (true);`);
    this.addSql(`create policy "invitation_roles_identity" on "invitation_roles" to "tenon_identity" using (true) with check (true);`);
    this.addSql(`create policy "invitation_roles_request" on "invitation_roles" to "tenon_request" using (invitation_roles.organization_id = (select nullif(current_setting('app.organization_id', true), '')::uuid)) with check (invitation_roles.organization_id = (select nullif(current_setting('app.organization_id', true), '')::uuid));`);

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

    this.addSql(`alter table "departments" add constraint "departments_organization_id_parent_id_foreign" foreign key ("organization_id", "parent_id") references "departments" ("organization_id", "id") on update no action on delete restrict;`);
    this.addSql(`alter table "departments" add constraint "departments_organization_id_head_user_id_foreign" foreign key ("organization_id", "head_user_id") references "memberships" ("organization_id", "user_id") on update no action on delete restrict;`);
    this.addSql(`alter table "departments" add constraint "departments_organization_id_created_by_id_foreign" foreign key ("organization_id", "created_by_id") references "memberships" ("organization_id", "user_id") on update no action on delete restrict;`);
    this.addSql(`alter table "departments" add constraint "departments_organization_id_updated_by_id_foreign" foreign key ("organization_id", "updated_by_id") references "memberships" ("organization_id", "user_id") on update no action on delete restrict;`);
    this.addSql(`alter table "departments" enable row level security;`);
    this.addSql(`alter table "departments" force row level security;`);
    this.addSql(`create policy "departments_system" on "departments" to "tenon_system" using (true) with check (true);`);
    this.addSql(`create policy "departments_identity" on "departments" to "tenon_identity" using (true) with check (true);`);
    this.addSql(`create policy "departments_request" on "departments" to "tenon_request" using (departments.organization_id = (select nullif(current_setting('app.organization_id', true), '')::uuid)) with check (departments.organization_id = (select nullif(current_setting('app.organization_id', true), '')::uuid));`);

    this.addSql(`alter table "teams" add constraint "teams_organization_id_department_id_foreign" foreign key ("organization_id", "department_id") references "departments" ("organization_id", "id") on update no action on delete restrict;`);
    this.addSql(`alter table "teams" add constraint "teams_organization_id_created_by_id_foreign" foreign key ("organization_id", "created_by_id") references "memberships" ("organization_id", "user_id") on update no action on delete restrict;`);
    this.addSql(`alter table "teams" add constraint "teams_organization_id_updated_by_id_foreign" foreign key ("organization_id", "updated_by_id") references "memberships" ("organization_id", "user_id") on update no action on delete restrict;`);
    this.addSql(`alter table "teams" enable row level security;`);
    this.addSql(`alter table "teams" force row level security;`);
    this.addSql(`create policy "teams_system" on "teams" to "tenon_system" using (true) with check (true);`);
    this.addSql(`create policy "teams_identity" on "teams" to "tenon_identity" using (true) with check (true);`);
    this.addSql(`create policy "teams_request" on "teams" to "tenon_request" using (teams.organization_id = (select nullif(current_setting('app.organization_id', true), '')::uuid)) with check (teams.organization_id = (select nullif(current_setting('app.organization_id', true), '')::uuid));`);

    this.addSql(`alter table "team_members" add constraint "team_members_organization_id_team_id_foreign" foreign key ("organization_id", "team_id") references "teams" ("organization_id", "id") on update no action on delete cascade;`);
    this.addSql(`alter table "team_members" add constraint "team_members_organization_id_user_id_foreign" foreign key ("organization_id", "user_id") references "memberships" ("organization_id", "user_id") on update no action on delete restrict;`);
    this.addSql(`alter table "team_members" add constraint "team_members_organization_id_added_by_id_foreign" foreign key ("organization_id", "added_by_id") references "memberships" ("organization_id", "user_id") on update no action on delete restrict;`);
    this.addSql(`alter table "team_members" enable row level security;`);
    this.addSql(`alter table "team_members" force row level security;`);
    this.addSql(`create policy "team_members_system" on "team_members" to "tenon_system" using (true) with check (true);`);
    this.addSql(`create policy "team_members_request" on "team_members" to "tenon_request" using (team_members.organization_id = (select nullif(current_setting('app.organization_id', true), '')::uuid)) with check (team_members.organization_id = (select nullif(current_setting('app.organization_id', true), '')::uuid));`);

    this.addSql(`alter table "tasks" add constraint "tasks_organization_id_parent_id_foreign" foreign key ("organization_id", "parent_id") references "tasks" ("organization_id", "id") on update no action on delete restrict;`);
    this.addSql(`alter table "tasks" add constraint "tasks_organization_id_team_id_foreign" foreign key ("organization_id", "team_id") references "teams" ("organization_id", "id") on update no action on delete restrict;`);
    this.addSql(`alter table "tasks" add constraint "tasks_organization_id_project_id_foreign" foreign key ("organization_id", "project_id") references "projects" ("organization_id", "id") on update no action on delete restrict;`);
    this.addSql(`alter table "tasks" add constraint "tasks_organization_id_created_by_id_foreign" foreign key ("organization_id", "created_by_id") references "memberships" ("organization_id", "user_id") on update no action on delete restrict;`);
    this.addSql(`alter table "tasks" add constraint "tasks_organization_id_updated_by_id_foreign" foreign key ("organization_id", "updated_by_id") references "memberships" ("organization_id", "user_id") on update no action on delete restrict;`);
    this.addSql(`alter table "tasks" add constraint "tasks_status_check" check ("status" in ('todo', 'in_progress', 'in_review', 'done', 'archived'));`);
    this.addSql(`alter table "tasks" add constraint "tasks_priority_check" check ("priority" in ('low', 'medium', 'high', 'urgent', 'critical'));`);
    this.addSql(`alter table "tasks" enable row level security;`);
    this.addSql(`alter table "tasks" force row level security;`);
    this.addSql(`create policy "tasks_system" on "tasks" to "tenon_system" using (true) with check (true);`);
    this.addSql(`create policy "tasks_request" on "tasks" to "tenon_request" using (tasks.organization_id = (select nullif(current_setting('app.organization_id', true), '')::uuid)) with check (tasks.organization_id = (select nullif(current_setting('app.organization_id', true), '')::uuid));`);

    this.addSql(`alter table "task_watchers" add constraint "task_watchers_organization_id_task_id_foreign" foreign key ("organization_id", "task_id") references "tasks" ("organization_id", "id") on update no action on delete cascade;`);
    this.addSql(`alter table "task_watchers" add constraint "task_watchers_organization_id_user_id_foreign" foreign key ("organization_id", "user_id") references "memberships" ("organization_id", "user_id") on update no action on delete restrict;`);
    this.addSql(`alter table "task_watchers" add constraint "task_watchers_organization_id_added_by_id_foreign" foreign key ("organization_id", "added_by_id") references "memberships" ("organization_id", "user_id") on update no action on delete restrict;`);
    this.addSql(`alter table "task_watchers" add constraint "task_watchers_reason_check" check ("reason" in ('self', 'added', 'commenter'));`);
    this.addSql(`alter table "task_watchers" enable row level security;`);
    this.addSql(`alter table "task_watchers" force row level security;`);
    this.addSql(`create policy "task_watchers_system" on "task_watchers" to "tenon_system" using (true) with check (true);`);
    this.addSql(`create policy "task_watchers_request" on "task_watchers" to "tenon_request" using (task_watchers.organization_id = (select nullif(current_setting('app.organization_id', true), '')::uuid)) with check (task_watchers.organization_id = (select nullif(current_setting('app.organization_id', true), '')::uuid));`);

    this.addSql(`alter table "task_tags" add constraint "task_tags_organization_id_task_id_foreign" foreign key ("organization_id", "task_id") references "tasks" ("organization_id", "id") on update no action on delete cascade;`);
    this.addSql(`alter table "task_tags" add constraint "task_tags_organization_id_tag_id_foreign" foreign key ("organization_id", "tag_id") references "tags" ("organization_id", "id") on update no action on delete cascade;`);
    this.addSql(`alter table "task_tags" enable row level security;`);
    this.addSql(`alter table "task_tags" force row level security;`);
    this.addSql(`create policy "task_tags_system" on "task_tags" to "tenon_system" using (true) with check (true);`);
    this.addSql(`create policy "task_tags_request" on "task_tags" to "tenon_request" using (task_tags.organization_id = (select nullif(current_setting('app.organization_id', true), '')::uuid)) with check (task_tags.organization_id = (select nullif(current_setting('app.organization_id', true), '')::uuid));`);

    this.addSql(`alter table "task_keys" add constraint "task_keys_organization_id_project_id_foreign" foreign key ("organization_id", "project_id") references "projects" ("organization_id", "id") on update no action on delete cascade;`);
    this.addSql(`alter table "task_keys" add constraint "task_keys_organization_id_task_id_foreign" foreign key ("organization_id", "task_id") references "tasks" ("organization_id", "id") on update no action on delete cascade;`);
    this.addSql(`alter table "task_keys" enable row level security;`);
    this.addSql(`alter table "task_keys" force row level security;`);
    this.addSql(`create policy "task_keys_system" on "task_keys" to "tenon_system" using (true) with check (true);`);
    this.addSql(`create policy "task_keys_request" on "task_keys" to "tenon_request" using (task_keys.organization_id = (select nullif(current_setting('app.organization_id', true), '')::uuid)) with check (task_keys.organization_id = (select nullif(current_setting('app.organization_id', true), '')::uuid));`);

    this.addSql(`alter table "task_dependencies" add constraint "task_dependencies_organization_id_task_id_foreign" foreign key ("organization_id", "task_id") references "tasks" ("organization_id", "id") on update no action on delete cascade;`);
    this.addSql(`alter table "task_dependencies" add constraint "task_dependencies_organization_id_blocker_id_foreign" foreign key ("organization_id", "blocker_id") references "tasks" ("organization_id", "id") on update no action on delete cascade;`);
    this.addSql(`alter table "task_dependencies" enable row level security;`);
    this.addSql(`alter table "task_dependencies" force row level security;`);
    this.addSql(`create policy "task_dependencies_system" on "task_dependencies" to "tenon_system" using (true) with check (true);`);
    this.addSql(`create policy "task_dependencies_request" on "task_dependencies" to "tenon_request" using (task_dependencies.organization_id = (select nullif(current_setting('app.organization_id', true), '')::uuid)) with check (task_dependencies.organization_id = (select nullif(current_setting('app.organization_id', true), '')::uuid));`);

    this.addSql(`alter table "task_assignees" add constraint "task_assignees_organization_id_task_id_foreign" foreign key ("organization_id", "task_id") references "tasks" ("organization_id", "id") on update no action on delete cascade;`);
    this.addSql(`alter table "task_assignees" add constraint "task_assignees_organization_id_user_id_foreign" foreign key ("organization_id", "user_id") references "memberships" ("organization_id", "user_id") on update no action on delete restrict;`);
    this.addSql(`alter table "task_assignees" enable row level security;`);
    this.addSql(`alter table "task_assignees" force row level security;`);
    this.addSql(`create policy "task_assignees_system" on "task_assignees" to "tenon_system" using (true) with check (true);`);
    this.addSql(`create policy "task_assignees_request" on "task_assignees" to "tenon_request" using (task_assignees.organization_id = (select nullif(current_setting('app.organization_id', true), '')::uuid)) with check (task_assignees.organization_id = (select nullif(current_setting('app.organization_id', true), '')::uuid));`);

    this.addSql(`alter table "due_notices" add constraint "due_notices_organization_id_task_id_foreign" foreign key ("organization_id", "task_id") references "tasks" ("organization_id", "id") on update no action on delete cascade;`);
    this.addSql(`alter table "due_notices" add constraint "due_notices_type_check" check ("type" in ('task.due_soon', 'task.overdue'));`);
    this.addSql(`alter table "due_notices" enable row level security;`);
    this.addSql(`alter table "due_notices" force row level security;`);
    this.addSql(`create policy "due_notices_system" on "due_notices" to "tenon_system" using (true) with check (true);`);
    this.addSql(`create policy "due_notices_request" on "due_notices" to "tenon_request" using (due_notices.organization_id = (select nullif(current_setting('app.organization_id', true), '')::uuid)) with check (due_notices.organization_id = (select nullif(current_setting('app.organization_id', true), '')::uuid));`);

    this.addSql(`alter table "role_assignments" add constraint "role_assignments_organization_id_user_id_foreign" foreign key ("organization_id", "user_id") references "memberships" ("organization_id", "user_id") on update no action on delete restrict;`);
    this.addSql(`alter table "role_assignments" add constraint "role_assignments_organization_id_role_id_foreign" foreign key ("organization_id", "role_id") references "roles" ("organization_id", "id") on update no action on delete restrict;`);
    this.addSql(`alter table "role_assignments" add constraint "role_assignments_organization_id_department_id_foreign" foreign key ("organization_id", "department_id") references "departments" ("organization_id", "id") on update no action on delete cascade;`);
    this.addSql(`alter table "role_assignments" add constraint "role_assignments_organization_id_team_id_foreign" foreign key ("organization_id", "team_id") references "teams" ("organization_id", "id") on update no action on delete cascade;`);
    this.addSql(`alter table "role_assignments" add constraint "role_assignments_organization_id_project_id_foreign" foreign key ("organization_id", "project_id") references "projects" ("organization_id", "id") on update no action on delete cascade;`);
    this.addSql(`alter table "role_assignments" enable row level security;`);
    this.addSql(`alter table "role_assignments" force row level security;`);
    this.addSql(`create policy "role_assignments_system" on "role_assignments" to "tenon_system" using (true) with check (true);`);
    this.addSql(`create policy "role_assignments_identity" on "role_assignments" to "tenon_identity" using (true) with check (true);`);
    this.addSql(`create policy "role_assignments_request" on "role_assignments" to "tenon_request" using (role_assignments.organization_id = (select nullif(current_setting('app.organization_id', true), '')::uuid)) with check (role_assignments.organization_id = (select nullif(current_setting('app.organization_id', true), '')::uuid));`);

    this.addSql(`alter table "department_members" add constraint "department_members_organization_id_department_id_foreign" foreign key ("organization_id", "department_id") references "departments" ("organization_id", "id") on update no action on delete restrict;`);
    this.addSql(`alter table "department_members" add constraint "department_members_organization_id_user_id_foreign" foreign key ("organization_id", "user_id") references "memberships" ("organization_id", "user_id") on update no action on delete restrict;`);
    this.addSql(`alter table "department_members" add constraint "department_members_organization_id_added_by_id_foreign" foreign key ("organization_id", "added_by_id") references "memberships" ("organization_id", "user_id") on update no action on delete restrict;`);
    this.addSql(`alter table "department_members" enable row level security;`);
    this.addSql(`alter table "department_members" force row level security;`);
    this.addSql(`create policy "department_members_system" on "department_members" to "tenon_system" using (true) with check (true);`);
    this.addSql(`create policy "department_members_identity" on "department_members" to "tenon_identity" using (true) with check (true);`);
    this.addSql(`create policy "department_members_request" on "department_members" to "tenon_request" using (department_members.organization_id = (select nullif(current_setting('app.organization_id', true), '')::uuid)) with check (department_members.organization_id = (select nullif(current_setting('app.organization_id', true), '')::uuid));`);

    this.addSql(`alter table "comments" add constraint "comments_organization_id_task_id_foreign" foreign key ("organization_id", "task_id") references "tasks" ("organization_id", "id") on update no action on delete cascade;`);
    this.addSql(`alter table "comments" add constraint "comments_organization_id_parent_id_foreign" foreign key ("organization_id", "parent_id") references "comments" ("organization_id", "id") on update no action on delete cascade;`);
    this.addSql(`alter table "comments" add constraint "comments_organization_id_created_by_id_foreign" foreign key ("organization_id", "created_by_id") references "memberships" ("organization_id", "user_id") on update no action on delete restrict;`);
    this.addSql(`alter table "comments" add constraint "comments_organization_id_updated_by_id_foreign" foreign key ("organization_id", "updated_by_id") references "memberships" ("organization_id", "user_id") on update no action on delete restrict;`);
    this.addSql(`alter table "comments" enable row level security;`);
    this.addSql(`alter table "comments" force row level security;`);
    this.addSql(`create policy "comments_system" on "comments" to "tenon_system" using (true) with check (true);`);
    this.addSql(`create policy "comments_request" on "comments" to "tenon_request" using (comments.organization_id = (select nullif(current_setting('app.organization_id', true), '')::uuid)) with check (comments.organization_id = (select nullif(current_setting('app.organization_id', true), '')::uuid));`);

    this.addSql(`alter table "attachments" add constraint "attachments_organization_id_task_id_foreign" foreign key ("organization_id", "task_id") references "tasks" ("organization_id", "id") on update no action on delete cascade;`);
    this.addSql(`alter table "attachments" add constraint "attachments_organization_id_comment_id_foreign" foreign key ("organization_id", "comment_id") references "comments" ("organization_id", "id") on update no action on delete cascade;`);
    this.addSql(`alter table "attachments" add constraint "attachments_organization_id_project_id_foreign" foreign key ("organization_id", "project_id") references "projects" ("organization_id", "id") on update no action on delete cascade;`);
    this.addSql(`alter table "attachments" add constraint "attachments_organization_id_created_by_id_foreign" foreign key ("organization_id", "created_by_id") references "memberships" ("organization_id", "user_id") on update no action on delete restrict;`);
    this.addSql(`alter table "attachments" add constraint "attachments_organization_id_updated_by_id_foreign" foreign key ("organization_id", "updated_by_id") references "memberships" ("organization_id", "user_id") on update no action on delete restrict;`);
    this.addSql(`alter table "attachments" enable row level security;`);
    this.addSql(`alter table "attachments" force row level security;`);
    this.addSql(`create policy "attachments_system" on "attachments" to "tenon_system" using (true) with check (true);`);
    this.addSql(`create policy "attachments_request" on "attachments" to "tenon_request" using (attachments.organization_id = (select nullif(current_setting('app.organization_id', true), '')::uuid)) with check (attachments.organization_id = (select nullif(current_setting('app.organization_id', true), '')::uuid));`);

    this.addSql(`alter table "api_keys" add constraint "api_keys_organization_id_user_id_foreign" foreign key ("organization_id", "user_id") references "memberships" ("organization_id", "user_id") on update no action on delete restrict;`);
    this.addSql(`alter table "api_keys" add constraint "api_keys_organization_id_created_by_id_foreign" foreign key ("organization_id", "created_by_id") references "memberships" ("organization_id", "user_id") on update no action on delete restrict;`);
    this.addSql(`alter table "api_keys" add constraint "api_keys_organization_id_updated_by_id_foreign" foreign key ("organization_id", "updated_by_id") references "memberships" ("organization_id", "user_id") on update no action on delete restrict;`);
    this.addSql(`alter table "api_keys" enable row level security;`);
    this.addSql(`alter table "api_keys" force row level security;`);
    this.addSql(`create policy "api_keys_system" on "api_keys" to "tenon_system" using (true) with check (true);`);
    this.addSql(`create policy "api_keys_identity" on "api_keys" to "tenon_identity" using (true) with check (true);`);
    this.addSql(`create policy "api_keys_request" on "api_keys" to "tenon_request" using (api_keys.organization_id = (select nullif(current_setting('app.organization_id', true), '')::uuid)) with check (api_keys.organization_id = (select nullif(current_setting('app.organization_id', true), '')::uuid));`);

    this.addSql(`alter table "email_changes" add constraint "email_changes_user_id_foreign" foreign key ("user_id") references "users" ("id") on update no action on delete cascade;`);
    this.addSql(`alter table "email_changes" add constraint "email_changes_status_check" check ("status" in ('pending', 'confirmed', 'undone', 'replaced'));`);
    this.addSql(`alter table "email_changes" enable row level security;`);
    this.addSql(`alter table "email_changes" force row level security;`);
    this.addSql(`create policy "email_changes_system" on "email_changes" to "tenon_system" using (true) with check (true);`);
    this.addSql(`create policy "email_changes_identity" on "email_changes" to "tenon_identity" using (true) with check (true);`);
    this.addSql(`create policy "email_changes_request" on "email_changes" to "tenon_request" using (email_changes.user_id = (select nullif(current_setting('app.user_id', true), '')::uuid)) with check (email_changes.user_id = (select nullif(current_setting('app.user_id', true), '')::uuid));`);

    this.addSql(`alter table "credentials" add constraint "credentials_user_id_foreign" foreign key ("user_id") references "users" ("id") on update no action on delete cascade;`);
    this.addSql(`alter table "credentials" enable row level security;`);
    this.addSql(`alter table "credentials" force row level security;`);
    this.addSql(`create policy "credentials_system" on "credentials" to "tenon_system" using (true) with check (true);`);
    this.addSql(`create policy "credentials_identity" on "credentials" to "tenon_identity" using (true) with check (true);`);
    this.addSql(`create policy "credentials_request" on "credentials" to "tenon_request" using (credentials.user_id = (select nullif(current_setting('app.user_id', true), '')::uuid)) with check (credentials.user_id = (select nullif(current_setting('app.user_id', true), '')::uuid));`);

    this.addSql(`alter table "user_identities" add constraint "user_identities_user_id_foreign" foreign key ("user_id") references "users" ("id") on update no action on delete cascade;`);
    this.addSql(`alter table "user_identities" enable row level security;`);
    this.addSql(`alter table "user_identities" force row level security;`);
    this.addSql(`create policy "user_identities_system" on "user_identities" to "tenon_system" using (true) with check (true);`);
    this.addSql(`create policy "user_identities_identity" on "user_identities" to "tenon_identity" using (true) with check (true);`);
    this.addSql(`create policy "user_identities_request" on "user_identities" to "tenon_request" using (user_identities.user_id = (select nullif(current_setting('app.user_id', true), '')::uuid)) with check (user_identities.user_id = (select nullif(current_setting('app.user_id', true), '')::uuid));`);

    this.addSql(`alter table "webhooks" add constraint "webhooks_organization_id_runs_as_id_foreign" foreign key ("organization_id", "runs_as_id") references "memberships" ("organization_id", "user_id") on update no action on delete restrict;`);
    this.addSql(`alter table "webhooks" add constraint "webhooks_organization_id_created_by_id_foreign" foreign key ("organization_id", "created_by_id") references "memberships" ("organization_id", "user_id") on update no action on delete restrict;`);
    this.addSql(`alter table "webhooks" add constraint "webhooks_organization_id_updated_by_id_foreign" foreign key ("organization_id", "updated_by_id") references "memberships" ("organization_id", "user_id") on update no action on delete restrict;`);
    this.addSql(`alter table "webhooks" add constraint "webhooks_disabled_reason_check" check ("disabled_reason" in ('failing', 'gone', 'member_inactive'));`);
    this.addSql(`alter table "webhooks" enable row level security;`);
    this.addSql(`alter table "webhooks" force row level security;`);
    this.addSql(`create policy "webhooks_system" on "webhooks" to "tenon_system" using (true) with check (true);`);
    this.addSql(`create policy "webhooks_request" on "webhooks" to "tenon_request" using (webhooks.organization_id = (select nullif(current_setting('app.organization_id', true), '')::uuid)) with check (webhooks.organization_id = (select nullif(current_setting('app.organization_id', true), '')::uuid));`);

    this.addSql(`alter table "webhook_deliveries" add constraint "webhook_deliveries_status_check" check ("status" in ('pending', 'delivered', 'failed'));`);
    this.addSql(`alter table "webhook_deliveries" enable row level security;`);
    this.addSql(`alter table "webhook_deliveries" force row level security;`);
    this.addSql(`create policy "webhook_deliveries_system" on "webhook_deliveries" to "tenon_system" using (true) with check (true);`);
    this.addSql(`create policy "webhook_deliveries_request" on "webhook_deliveries" to "tenon_request" using (webhook_deliveries.organization_id = (select nullif(current_setting('app.organization_id', true), '')::uuid)) with check (webhook_deliveries.organization_id = (select nullif(current_setting('app.organization_id', true), '')::uuid));`);

    // By hand: leave room in each page for new versions of changed rows.
    this.addSql('alter table tasks set (fillfactor = 85)');

    // By hand: full-text search, the words of a task and a generated tsvector over them.
    this.addSql(`create table task_search (
      organization_id uuid not null,
      task_id uuid not null,
      title text not null,
      body text not null,
      document tsvector generated always as (array_to_tsvector(string_to_array(trim(title || body), ' '))) stored,
      primary key (organization_id, task_id),
      foreign key (organization_id, task_id) references tasks (organization_id, id) on delete cascade
    )`);
    this.addSql('create index task_search_document_index on task_search using gin (document)');
    this.addSql('alter table task_search enable row level security');
    this.addSql('alter table task_search force row level security');
    this.addSql('create policy task_search_system on task_search to tenon_system using (true) with check (true)');
    const own = `organization_id = (select nullif(current_setting('app.organization_id', true), '')::uuid)`;
    this.addSql(`create policy task_search_request on task_search to tenon_request using (${own}) with check (${own})`);
    // `@@` is not leakproof, so under row-level security the search of a request could not use the index. This function can. It belongs
    // to a role that may read the words and nothing else, and it returns only rows of the organization of the session. Each search is
    // planned for its own words, because rare and common words have different best plans. The rest is in `task-search.ts`.
    this.addSql('create policy task_search_search on task_search for select to tenon_search using (true)');
    this.addSql('grant select (organization_id, task_id, title, document) on task_search to tenon_search');
    this.addSql(`create function search_tasks(organization uuid, query tsquery) returns table (task_id uuid, title text)
      language plpgsql stable parallel restricted security definer rows 100 set search_path = pg_catalog, pg_temp as $$
      begin
        if organization is distinct from nullif(current_setting('app.organization_id', true), '')::uuid then
          return;
        end if;
        return query execute 'select task_id, title from public.task_search
          where organization_id = $1 and document @@ $2 order by task_id desc limit 10001' using organization, query;
      end $$`);
    this.addSql('revoke all on function search_tasks from public');
    this.addSql('grant execute on function search_tasks to tenon_request');
    // PostgreSQL lets a role become the owner of a function only while the role may create functions in the schema.
    this.addSql('grant create on schema public to tenon_search');
    this.addSql('alter function search_tasks owner to tenon_search');
    this.addSql('revoke create on schema public from tenon_search');

    // By hand: a dependency is open while its blocker is neither finished nor in the trash. Only linked tasks can be blockers.
    const isOpen = (row: 'new' | 'old') => `(${row}.deleted_at is null and ${row}.status_rank < 3)`;
    this.addSql(`create function follow_blocker() returns trigger language plpgsql as $$
      begin
        update public.task_dependencies set is_open = ${isOpen('new')}
          where organization_id = new.organization_id and blocker_id = new.id;
        return null;
      end $$`);
    this.addSql(`create trigger task_dependencies_open after update of status_rank, deleted_at on tasks for each row
      when (new.is_linked and ${isOpen('old')} <> ${isOpen('new')}) execute function follow_blocker()`);

    // By hand: what changes the figures about tasks is written down by triggers, whatever writes the task (ADR 22).
    const change = (sign: 1 | -1, row: 'new' | 'old') => `(${row}.organization_id, gen_random_uuid(), ${sign}, ${row}.team_id,
      ${row}.project_id, ${row}.status_rank, ${row}.priority_rank, case when ${row}.status_rank = 3 then ${row}.actual_hours end,
      case when ${row}.status_rank < 3 then (${row}.due_date at time zone 'UTC')::date - date '1970-01-01' end,
      floor(extract(epoch from ${row}.completed_at) / 3600)::int)`;
    const added = change(1, 'new');
    const removed = change(-1, 'old');
    for (const [name, changes] of Object.entries({ add: added, remove: removed, replace: `${removed}, ${added}` }))
      this.addSql(`create function ${name}_in_task_figures() returns trigger language plpgsql as $$
        begin
          insert into public.task_figure_changes (organization_id, id, sign, team_id, project_id, status_rank, priority_rank, spent,
            due_day, completed_hour) values ${changes};
          return null;
        end $$`);
    const countTasks = (name: string, event: string, when: string, work: 'add' | 'remove' | 'replace') =>
      this.addSql(`create trigger task_figures_${name} after ${event} on tasks for each row when (${when})
        execute function ${work}_in_task_figures()`);
    const counted = ['status_rank', 'priority_rank', 'team_id', 'project_id', 'actual_hours', 'due_date', 'completed_at'];
    const isChanged = counted.map((column) => `old.${column} is distinct from new.${column}`).join(' or ');
    countTasks('created', 'insert', 'new.deleted_at is null', 'add');
    countTasks('deleted', 'delete', 'old.deleted_at is null', 'remove');
    countTasks(
      'changed',
      `update of ${counted.join(', ')}`,
      `old.deleted_at is null and new.deleted_at is null and (${isChanged})`,
      'replace',
    );
    const trashing = 'update of deleted_at';
    countTasks('trashed', trashing, 'old.deleted_at is null and new.deleted_at is not null', 'remove');
    countTasks('restored', trashing, 'old.deleted_at is not null and new.deleted_at is null', 'add');
  }

  override down(): void | Promise<void> {
    this.addSql('drop function if exists follow_blocker cascade');
    for (const name of ['add', 'remove', 'replace']) this.addSql(`drop function if exists ${name}_in_task_figures cascade`);
    this.addSql('drop function if exists search_tasks');
    this.addSql(`drop table if exists "task_search" cascade;`);

    this.addSql(`alter table "event_payloads" drop constraint "event_payloads_event_id_foreign";`);
    this.addSql(`alter table "totp_credentials" drop constraint "totp_credentials_user_id_foreign";`);
    this.addSql(`alter table "sign_in_challenges" drop constraint "sign_in_challenges_user_id_foreign";`);
    this.addSql(`alter table "sessions" drop constraint "sessions_user_id_foreign";`);
    this.addSql(`alter table "recovery_codes" drop constraint "recovery_codes_user_id_foreign";`);
    this.addSql(`alter table "passkeys" drop constraint "passkeys_user_id_foreign";`);
    this.addSql(`alter table "organizations" drop constraint "organizations_created_by_id_foreign";`);
    this.addSql(`alter table "notification_preferences" drop constraint "notification_preferences_user_id_foreign";`);
    this.addSql(`alter table "notifications" drop constraint "notifications_user_id_foreign";`);
    this.addSql(`alter table "memberships" drop constraint "memberships_user_id_foreign";`);
    this.addSql(`alter table "email_changes" drop constraint "email_changes_user_id_foreign";`);
    this.addSql(`alter table "credentials" drop constraint "credentials_user_id_foreign";`);
    this.addSql(`alter table "user_identities" drop constraint "user_identities_user_id_foreign";`);
    this.addSql(`alter table "refresh_tokens" drop constraint "refresh_tokens_session_id_foreign";`);
    this.addSql(`alter table "oidc_sessions" drop constraint "oidc_sessions_session_id_foreign";`);
    this.addSql(`alter table "roles" drop constraint "roles_organization_id_foreign";`);
    this.addSql(`alter table "memberships" drop constraint "memberships_organization_id_foreign";`);
    this.addSql(`alter table "invitations" drop constraint "invitations_organization_id_foreign";`);
    this.addSql(`alter table "roles" drop constraint "roles_organization_id_parent_id_foreign";`);
    this.addSql(`alter table "invitation_roles" drop constraint "invitation_roles_organization_id_role_id_foreign";`);
    this.addSql(`alter table "identity_providers" drop constraint "identity_providers_organization_id_default_role_id_foreign";`);
    this.addSql(`alter table "identity_provider_roles" drop constraint "identity_provider_roles_organization_id_role_id_foreign";`);
    this.addSql(`alter table "role_assignments" drop constraint "role_assignments_organization_id_role_id_foreign";`);
    this.addSql(`alter table "tags" drop constraint "tags_organization_id_created_by_id_foreign";`);
    this.addSql(`alter table "tags" drop constraint "tags_organization_id_updated_by_id_foreign";`);
    this.addSql(`alter table "service_accounts" drop constraint "service_accounts_organization_id_user_id_foreign";`);
    this.addSql(`alter table "service_accounts" drop constraint "service_accounts_organization_id_created_by_id_foreign";`);
    this.addSql(`alter table "projects" drop constraint "projects_organization_id_lead_id_foreign";`);
    this.addSql(`alter table "projects" drop constraint "projects_organization_id_created_by_id_foreign";`);
    this.addSql(`alter table "projects" drop constraint "projects_organization_id_updated_by_id_foreign";`);
    this.addSql(`alter table "project_members" drop constraint "project_members_organization_id_user_id_foreign";`);
    this.addSql(`alter table "project_members" drop constraint "project_members_organization_id_added_by_id_foreign";`);
    this.addSql(`alter table "invitations" drop constraint "invitations_organization_id_invited_by_id_foreign";`);
    this.addSql(`alter table "identity_providers" drop constraint "identity_providers_organization_id_created_by_id_foreign";`);
    this.addSql(`alter table "identity_providers" drop constraint "identity_providers_organization_id_updated_by_id_foreign";`);
    this.addSql(`alter table "departments" drop constraint "departments_organization_id_head_user_id_foreign";`);
    this.addSql(`alter table "departments" drop constraint "departments_organization_id_created_by_id_foreign";`);
    this.addSql(`alter table "departments" drop constraint "departments_organization_id_updated_by_id_foreign";`);
    this.addSql(`alter table "teams" drop constraint "teams_organization_id_created_by_id_foreign";`);
    this.addSql(`alter table "teams" drop constraint "teams_organization_id_updated_by_id_foreign";`);
    this.addSql(`alter table "team_members" drop constraint "team_members_organization_id_user_id_foreign";`);
    this.addSql(`alter table "team_members" drop constraint "team_members_organization_id_added_by_id_foreign";`);
    this.addSql(`alter table "tasks" drop constraint "tasks_organization_id_created_by_id_foreign";`);
    this.addSql(`alter table "tasks" drop constraint "tasks_organization_id_updated_by_id_foreign";`);
    this.addSql(`alter table "task_watchers" drop constraint "task_watchers_organization_id_user_id_foreign";`);
    this.addSql(`alter table "task_watchers" drop constraint "task_watchers_organization_id_added_by_id_foreign";`);
    this.addSql(`alter table "task_assignees" drop constraint "task_assignees_organization_id_user_id_foreign";`);
    this.addSql(`alter table "role_assignments" drop constraint "role_assignments_organization_id_user_id_foreign";`);
    this.addSql(`alter table "department_members" drop constraint "department_members_organization_id_user_id_foreign";`);
    this.addSql(`alter table "department_members" drop constraint "department_members_organization_id_added_by_id_foreign";`);
    this.addSql(`alter table "comments" drop constraint "comments_organization_id_created_by_id_foreign";`);
    this.addSql(`alter table "comments" drop constraint "comments_organization_id_updated_by_id_foreign";`);
    this.addSql(`alter table "attachments" drop constraint "attachments_organization_id_created_by_id_foreign";`);
    this.addSql(`alter table "attachments" drop constraint "attachments_organization_id_updated_by_id_foreign";`);
    this.addSql(`alter table "api_keys" drop constraint "api_keys_organization_id_user_id_foreign";`);
    this.addSql(`alter table "api_keys" drop constraint "api_keys_organization_id_created_by_id_foreign";`);
    this.addSql(`alter table "api_keys" drop constraint "api_keys_organization_id_updated_by_id_foreign";`);
    this.addSql(`alter table "webhooks" drop constraint "webhooks_organization_id_runs_as_id_foreign";`);
    this.addSql(`alter table "webhooks" drop constraint "webhooks_organization_id_created_by_id_foreign";`);
    this.addSql(`alter table "webhooks" drop constraint "webhooks_organization_id_updated_by_id_foreign";`);
    this.addSql(`alter table "task_tags" drop constraint "task_tags_organization_id_tag_id_foreign";`);
    this.addSql(`alter table "project_members" drop constraint "project_members_organization_id_project_id_foreign";`);
    this.addSql(`alter table "project_keys" drop constraint "project_keys_organization_id_project_id_foreign";`);
    this.addSql(`alter table "tasks" drop constraint "tasks_organization_id_project_id_foreign";`);
    this.addSql(`alter table "task_keys" drop constraint "task_keys_organization_id_project_id_foreign";`);
    this.addSql(`alter table "role_assignments" drop constraint "role_assignments_organization_id_project_id_foreign";`);
    this.addSql(`alter table "attachments" drop constraint "attachments_organization_id_project_id_foreign";`);
    this.addSql(`alter table "invitation_roles" drop constraint "invitation_roles_organization_id_invitation_id_foreign";`);
    this.addSql(`alter table "identity_provider_roles" drop constraint "identity_provider_roles_organization_id_identity_a0151_foreign";`);
    this.addSql(`alter table "departments" drop constraint "departments_organization_id_parent_id_foreign";`);
    this.addSql(`alter table "teams" drop constraint "teams_organization_id_department_id_foreign";`);
    this.addSql(`alter table "role_assignments" drop constraint "role_assignments_organization_id_department_id_foreign";`);
    this.addSql(`alter table "department_members" drop constraint "department_members_organization_id_department_id_foreign";`);
    this.addSql(`alter table "team_members" drop constraint "team_members_organization_id_team_id_foreign";`);
    this.addSql(`alter table "tasks" drop constraint "tasks_organization_id_team_id_foreign";`);
    this.addSql(`alter table "role_assignments" drop constraint "role_assignments_organization_id_team_id_foreign";`);
    this.addSql(`alter table "tasks" drop constraint "tasks_organization_id_parent_id_foreign";`);
    this.addSql(`alter table "task_watchers" drop constraint "task_watchers_organization_id_task_id_foreign";`);
    this.addSql(`alter table "task_tags" drop constraint "task_tags_organization_id_task_id_foreign";`);
    this.addSql(`alter table "task_keys" drop constraint "task_keys_organization_id_task_id_foreign";`);
    this.addSql(`alter table "task_dependencies" drop constraint "task_dependencies_organization_id_task_id_foreign";`);
    this.addSql(`alter table "task_dependencies" drop constraint "task_dependencies_organization_id_blocker_id_foreign";`);
    this.addSql(`alter table "task_assignees" drop constraint "task_assignees_organization_id_task_id_foreign";`);
    this.addSql(`alter table "due_notices" drop constraint "due_notices_organization_id_task_id_foreign";`);
    this.addSql(`alter table "comments" drop constraint "comments_organization_id_task_id_foreign";`);
    this.addSql(`alter table "attachments" drop constraint "attachments_organization_id_task_id_foreign";`);
    this.addSql(`alter table "comments" drop constraint "comments_organization_id_parent_id_foreign";`);
    this.addSql(`alter table "attachments" drop constraint "attachments_organization_id_comment_id_foreign";`);

    this.addSql(`drop table if exists "api_requests" cascade;`);
    this.addSql(`drop table if exists "api_usage" cascade;`);
    this.addSql(`drop table if exists "attachment_totals" cascade;`);
    this.addSql(`drop table if exists "counters" cascade;`);
    this.addSql(`drop table if exists "events" cascade;`);
    this.addSql(`drop table if exists "event_payloads" cascade;`);
    this.addSql(`drop table if exists "event_seals" cascade;`);
    this.addSql(`drop table if exists "event_walks" cascade;`);
    this.addSql(`drop table if exists "idempotency_keys" cascade;`);
    this.addSql(`drop table if exists "jobs" cascade;`);
    this.addSql(`drop table if exists "oidc_flows" cascade;`);
    this.addSql(`drop table if exists "oidc_logout_tokens" cascade;`);
    this.addSql(`drop table if exists "task_figures" cascade;`);
    this.addSql(`drop table if exists "task_figure_changes" cascade;`);
    this.addSql(`drop table if exists "throttles" cascade;`);
    this.addSql(`drop table if exists "users" cascade;`);
    this.addSql(`drop table if exists "totp_credentials" cascade;`);
    this.addSql(`drop table if exists "sign_in_challenges" cascade;`);
    this.addSql(`drop table if exists "sessions" cascade;`);
    this.addSql(`drop table if exists "refresh_tokens" cascade;`);
    this.addSql(`drop table if exists "oidc_sessions" cascade;`);
    this.addSql(`drop table if exists "recovery_codes" cascade;`);
    this.addSql(`drop table if exists "passkeys" cascade;`);
    this.addSql(`drop table if exists "organizations" cascade;`);
    this.addSql(`drop table if exists "roles" cascade;`);
    this.addSql(`drop table if exists "notification_preferences" cascade;`);
    this.addSql(`drop table if exists "notifications" cascade;`);
    this.addSql(`drop table if exists "memberships" cascade;`);
    this.addSql(`drop table if exists "tags" cascade;`);
    this.addSql(`drop table if exists "service_accounts" cascade;`);
    this.addSql(`drop table if exists "projects" cascade;`);
    this.addSql(`drop table if exists "project_members" cascade;`);
    this.addSql(`drop table if exists "project_keys" cascade;`);
    this.addSql(`drop table if exists "invitations" cascade;`);
    this.addSql(`drop table if exists "invitation_roles" cascade;`);
    this.addSql(`drop table if exists "identity_providers" cascade;`);
    this.addSql(`drop table if exists "identity_provider_roles" cascade;`);
    this.addSql(`drop table if exists "departments" cascade;`);
    this.addSql(`drop table if exists "teams" cascade;`);
    this.addSql(`drop table if exists "team_members" cascade;`);
    this.addSql(`drop table if exists "tasks" cascade;`);
    this.addSql(`drop table if exists "task_watchers" cascade;`);
    this.addSql(`drop table if exists "task_tags" cascade;`);
    this.addSql(`drop table if exists "task_keys" cascade;`);
    this.addSql(`drop table if exists "task_dependencies" cascade;`);
    this.addSql(`drop table if exists "task_assignees" cascade;`);
    this.addSql(`drop table if exists "due_notices" cascade;`);
    this.addSql(`drop table if exists "role_assignments" cascade;`);
    this.addSql(`drop table if exists "department_members" cascade;`);
    this.addSql(`drop table if exists "comments" cascade;`);
    this.addSql(`drop table if exists "attachments" cascade;`);
    this.addSql(`drop table if exists "api_keys" cascade;`);
    this.addSql(`drop table if exists "email_changes" cascade;`);
    this.addSql(`drop table if exists "credentials" cascade;`);
    this.addSql(`drop table if exists "user_identities" cascade;`);
    this.addSql(`drop table if exists "webhooks" cascade;`);
    this.addSql(`drop table if exists "webhook_deliveries" cascade;`);
  }

}
