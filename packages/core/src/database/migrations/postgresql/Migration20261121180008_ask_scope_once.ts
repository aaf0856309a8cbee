import { Migration } from '@mikro-orm/migrations';

/** Policies ask for the organization and the user of the transaction in a sub-select: once a statement, not once a row. */
export class Migration20261121180008_ask_scope_once extends Migration {

  override name = 'Migration20261121180008_ask_scope_once';

  override up(): void | Promise<void> {
    const own = `organization_id = (select nullif(current_setting('app.organization_id', true), '')::uuid)`;
    this.addSql(`alter policy "task_search_request" on "task_search" using (${own}) with check (${own});`);

    this.addSql(`drop policy "counters_request" on "counters";`);

    this.addSql(`drop policy "events_request" on "events";`);

    this.addSql(`drop policy "event_payloads_request" on "event_payloads";`);

    this.addSql(`drop policy "idempotency_keys_request" on "idempotency_keys";`);

    this.addSql(`drop policy "jobs_request" on "jobs";`);

    this.addSql(`drop policy "users_request" on "users";`);

    this.addSql(`drop policy "sessions_request" on "sessions";`);

    this.addSql(`drop policy "refresh_tokens_request" on "refresh_tokens";`);

    this.addSql(`drop policy "organizations_request" on "organizations";`);

    this.addSql(`drop policy "roles_request" on "roles";`);

    this.addSql(`drop policy "memberships_request" on "memberships";`);

    this.addSql(`drop policy "tasks_request" on "tasks";`);

    this.addSql(`drop policy "task_assignees_request" on "task_assignees";`);

    this.addSql(`drop policy "tags_request" on "tags";`);

    this.addSql(`drop policy "task_tags_request" on "task_tags";`);

    this.addSql(`drop policy "role_assignments_request" on "role_assignments";`);

    this.addSql(`drop policy "invitations_request" on "invitations";`);

    this.addSql(`drop policy "invitation_roles_request" on "invitation_roles";`);

    this.addSql(`drop policy "comments_request" on "comments";`);

    this.addSql(`drop policy "credentials_request" on "credentials";`);

    this.addSql(`create policy "counters_request" on "counters" to "tenon_request" using (counters.organization_id = (select nullif(current_setting('app.organization_id', true), '')::uuid)) with check (counters.organization_id = (select nullif(current_setting('app.organization_id', true), '')::uuid));`);

    this.addSql(`create policy "events_request" on "events" to "tenon_request" using (events.organization_id = (select nullif(current_setting('app.organization_id', true), '')::uuid)) with check (events.organization_id = (select nullif(current_setting('app.organization_id', true), '')::uuid) or (events.organization_id is null and events.actor_id = (select nullif(current_setting('app.user_id', true), '')::uuid)));`);

    this.addSql(`create policy "event_payloads_request" on "event_payloads" to "tenon_request" using (event_payloads.organization_id = (select nullif(current_setting('app.organization_id', true), '')::uuid)) with check (event_payloads.organization_id = (select nullif(current_setting('app.organization_id', true), '')::uuid) or event_payloads.organization_id is null);`);

    this.addSql(`create policy "idempotency_keys_request" on "idempotency_keys" to "tenon_request" using (idempotency_keys.user_id = (select nullif(current_setting('app.user_id', true), '')::uuid)) with check (idempotency_keys.user_id = (select nullif(current_setting('app.user_id', true), '')::uuid));`);

    this.addSql(`create policy "jobs_request" on "jobs" to "tenon_request" using (jobs.organization_id = (select nullif(current_setting('app.organization_id', true), '')::uuid)) with check (jobs.organization_id = (select nullif(current_setting('app.organization_id', true), '')::uuid));`);

    this.addSql(`create policy "users_request" on "users" to "tenon_request" using (users.id = (select nullif(current_setting('app.user_id', true), '')::uuid) or exists (select 1 from memberships m where m.organization_id = (select nullif(current_setting('app.organization_id', true), '')::uuid) and m.user_id = users.id)) with check (users.id = (select nullif(current_setting('app.user_id', true), '')::uuid));`);

    this.addSql(`create policy "sessions_request" on "sessions" to "tenon_request" using (sessions.user_id = (select nullif(current_setting('app.user_id', true), '')::uuid)) with check (sessions.user_id = (select nullif(current_setting('app.user_id', true), '')::uuid));`);

    this.addSql(`create policy "refresh_tokens_request" on "refresh_tokens" to "tenon_request" using (refresh_tokens.user_id = (select nullif(current_setting('app.user_id', true), '')::uuid)) with check (refresh_tokens.user_id = (select nullif(current_setting('app.user_id', true), '')::uuid));`);

    this.addSql(`create policy "organizations_request" on "organizations" to "tenon_request" using (organizations.id = (select nullif(current_setting('app.organization_id', true), '')::uuid) or exists (select 1 from memberships m where m.organization_id = organizations.id and m.user_id = (select nullif(current_setting('app.user_id', true), '')::uuid))) with check (organizations.id = (select nullif(current_setting('app.organization_id', true), '')::uuid));`);

    this.addSql(`create policy "roles_request" on "roles" to "tenon_request" using (roles.organization_id = (select nullif(current_setting('app.organization_id', true), '')::uuid)) with check (roles.organization_id = (select nullif(current_setting('app.organization_id', true), '')::uuid));`);

    this.addSql(`create policy "memberships_request" on "memberships" to "tenon_request" using (memberships.organization_id = (select nullif(current_setting('app.organization_id', true), '')::uuid) or memberships.user_id = (select nullif(current_setting('app.user_id', true), '')::uuid)) with check (memberships.organization_id = (select nullif(current_setting('app.organization_id', true), '')::uuid));`);

    this.addSql(`create policy "tasks_request" on "tasks" to "tenon_request" using (tasks.organization_id = (select nullif(current_setting('app.organization_id', true), '')::uuid)) with check (tasks.organization_id = (select nullif(current_setting('app.organization_id', true), '')::uuid));`);

    this.addSql(`create policy "task_assignees_request" on "task_assignees" to "tenon_request" using (task_assignees.organization_id = (select nullif(current_setting('app.organization_id', true), '')::uuid)) with check (task_assignees.organization_id = (select nullif(current_setting('app.organization_id', true), '')::uuid));`);

    this.addSql(`create policy "tags_request" on "tags" to "tenon_request" using (tags.organization_id = (select nullif(current_setting('app.organization_id', true), '')::uuid)) with check (tags.organization_id = (select nullif(current_setting('app.organization_id', true), '')::uuid));`);

    this.addSql(`create policy "task_tags_request" on "task_tags" to "tenon_request" using (task_tags.organization_id = (select nullif(current_setting('app.organization_id', true), '')::uuid)) with check (task_tags.organization_id = (select nullif(current_setting('app.organization_id', true), '')::uuid));`);

    this.addSql(`create policy "role_assignments_request" on "role_assignments" to "tenon_request" using (role_assignments.organization_id = (select nullif(current_setting('app.organization_id', true), '')::uuid)) with check (role_assignments.organization_id = (select nullif(current_setting('app.organization_id', true), '')::uuid));`);

    this.addSql(`create policy "invitations_request" on "invitations" to "tenon_request" using (invitations.organization_id = (select nullif(current_setting('app.organization_id', true), '')::uuid)) with check (invitations.organization_id = (select nullif(current_setting('app.organization_id', true), '')::uuid));`);

    this.addSql(`create policy "invitation_roles_request" on "invitation_roles" to "tenon_request" using (invitation_roles.organization_id = (select nullif(current_setting('app.organization_id', true), '')::uuid)) with check (invitation_roles.organization_id = (select nullif(current_setting('app.organization_id', true), '')::uuid));`);

    this.addSql(`create policy "comments_request" on "comments" to "tenon_request" using (comments.organization_id = (select nullif(current_setting('app.organization_id', true), '')::uuid)) with check (comments.organization_id = (select nullif(current_setting('app.organization_id', true), '')::uuid));`);

    this.addSql(`create policy "credentials_request" on "credentials" to "tenon_request" using (credentials.user_id = (select nullif(current_setting('app.user_id', true), '')::uuid)) with check (credentials.user_id = (select nullif(current_setting('app.user_id', true), '')::uuid));`);
  }

  override down(): void | Promise<void> {
    this.addSql(`drop policy "comments_request" on "comments";`);

    this.addSql(`drop policy "counters_request" on "counters";`);

    this.addSql(`drop policy "credentials_request" on "credentials";`);

    this.addSql(`drop policy "event_payloads_request" on "event_payloads";`);

    this.addSql(`drop policy "events_request" on "events";`);

    this.addSql(`drop policy "idempotency_keys_request" on "idempotency_keys";`);

    this.addSql(`drop policy "invitation_roles_request" on "invitation_roles";`);

    this.addSql(`drop policy "invitations_request" on "invitations";`);

    this.addSql(`drop policy "jobs_request" on "jobs";`);

    this.addSql(`drop policy "memberships_request" on "memberships";`);

    this.addSql(`drop policy "organizations_request" on "organizations";`);

    this.addSql(`drop policy "refresh_tokens_request" on "refresh_tokens";`);

    this.addSql(`drop policy "role_assignments_request" on "role_assignments";`);

    this.addSql(`drop policy "roles_request" on "roles";`);

    this.addSql(`drop policy "sessions_request" on "sessions";`);

    this.addSql(`drop policy "tags_request" on "tags";`);

    this.addSql(`drop policy "task_assignees_request" on "task_assignees";`);

    this.addSql(`drop policy "task_tags_request" on "task_tags";`);

    this.addSql(`drop policy "tasks_request" on "tasks";`);

    this.addSql(`drop policy "users_request" on "users";`);

    this.addSql(`create policy "comments_request" on "comments" to "tenon_request" using (comments.organization_id = nullif(current_setting('app.organization_id', true), '')::uuid) with check (comments.organization_id = nullif(current_setting('app.organization_id', true), '')::uuid);`);

    this.addSql(`create policy "counters_request" on "counters" to "tenon_request" using (counters.organization_id = nullif(current_setting('app.organization_id', true), '')::uuid) with check (counters.organization_id = nullif(current_setting('app.organization_id', true), '')::uuid);`);

    this.addSql(`create policy "credentials_request" on "credentials" to "tenon_request" using (credentials.user_id = nullif(current_setting('app.user_id', true), '')::uuid) with check (credentials.user_id = nullif(current_setting('app.user_id', true), '')::uuid);`);

    this.addSql(`create policy "event_payloads_request" on "event_payloads" to "tenon_request" using (event_payloads.organization_id = nullif(current_setting('app.organization_id', true), '')::uuid) with check (event_payloads.organization_id = nullif(current_setting('app.organization_id', true), '')::uuid or event_payloads.organization_id is null);`);

    this.addSql(`create policy "events_request" on "events" to "tenon_request" using (events.organization_id = nullif(current_setting('app.organization_id', true), '')::uuid) with check (events.organization_id = nullif(current_setting('app.organization_id', true), '')::uuid or (events.organization_id is null and events.actor_id = nullif(current_setting('app.user_id', true), '')::uuid));`);

    this.addSql(`create policy "idempotency_keys_request" on "idempotency_keys" to "tenon_request" using (idempotency_keys.user_id = nullif(current_setting('app.user_id', true), '')::uuid) with check (idempotency_keys.user_id = nullif(current_setting('app.user_id', true), '')::uuid);`);

    this.addSql(`create policy "invitation_roles_request" on "invitation_roles" to "tenon_request" using (invitation_roles.organization_id = nullif(current_setting('app.organization_id', true), '')::uuid) with check (invitation_roles.organization_id = nullif(current_setting('app.organization_id', true), '')::uuid);`);

    this.addSql(`create policy "invitations_request" on "invitations" to "tenon_request" using (invitations.organization_id = nullif(current_setting('app.organization_id', true), '')::uuid) with check (invitations.organization_id = nullif(current_setting('app.organization_id', true), '')::uuid);`);

    this.addSql(`create policy "jobs_request" on "jobs" to "tenon_request" using (jobs.organization_id = nullif(current_setting('app.organization_id', true), '')::uuid) with check (jobs.organization_id = nullif(current_setting('app.organization_id', true), '')::uuid);`);

    this.addSql(`create policy "memberships_request" on "memberships" to "tenon_request" using (memberships.organization_id = nullif(current_setting('app.organization_id', true), '')::uuid or memberships.user_id = nullif(current_setting('app.user_id', true), '')::uuid) with check (memberships.organization_id = nullif(current_setting('app.organization_id', true), '')::uuid);`);

    this.addSql(`create policy "organizations_request" on "organizations" to "tenon_request" using (organizations.id = nullif(current_setting('app.organization_id', true), '')::uuid or exists (select 1 from memberships m where m.organization_id = organizations.id and m.user_id = nullif(current_setting('app.user_id', true), '')::uuid)) with check (organizations.id = nullif(current_setting('app.organization_id', true), '')::uuid);`);

    this.addSql(`create policy "refresh_tokens_request" on "refresh_tokens" to "tenon_request" using (refresh_tokens.user_id = nullif(current_setting('app.user_id', true), '')::uuid) with check (refresh_tokens.user_id = nullif(current_setting('app.user_id', true), '')::uuid);`);

    this.addSql(`create policy "role_assignments_request" on "role_assignments" to "tenon_request" using (role_assignments.organization_id = nullif(current_setting('app.organization_id', true), '')::uuid) with check (role_assignments.organization_id = nullif(current_setting('app.organization_id', true), '')::uuid);`);

    this.addSql(`create policy "roles_request" on "roles" to "tenon_request" using (roles.organization_id = nullif(current_setting('app.organization_id', true), '')::uuid) with check (roles.organization_id = nullif(current_setting('app.organization_id', true), '')::uuid);`);

    this.addSql(`create policy "sessions_request" on "sessions" to "tenon_request" using (sessions.user_id = nullif(current_setting('app.user_id', true), '')::uuid) with check (sessions.user_id = nullif(current_setting('app.user_id', true), '')::uuid);`);

    this.addSql(`create policy "tags_request" on "tags" to "tenon_request" using (tags.organization_id = nullif(current_setting('app.organization_id', true), '')::uuid) with check (tags.organization_id = nullif(current_setting('app.organization_id', true), '')::uuid);`);

    this.addSql(`create policy "task_assignees_request" on "task_assignees" to "tenon_request" using (task_assignees.organization_id = nullif(current_setting('app.organization_id', true), '')::uuid) with check (task_assignees.organization_id = nullif(current_setting('app.organization_id', true), '')::uuid);`);

    this.addSql(`create policy "task_tags_request" on "task_tags" to "tenon_request" using (task_tags.organization_id = nullif(current_setting('app.organization_id', true), '')::uuid) with check (task_tags.organization_id = nullif(current_setting('app.organization_id', true), '')::uuid);`);

    this.addSql(`create policy "tasks_request" on "tasks" to "tenon_request" using (tasks.organization_id = nullif(current_setting('app.organization_id', true), '')::uuid) with check (tasks.organization_id = nullif(current_setting('app.organization_id', true), '')::uuid);`);

    this.addSql(`create policy "users_request" on "users" to "tenon_request" using (users.id = nullif(current_setting('app.user_id', true), '')::uuid or exists (select 1 from memberships m where m.organization_id = nullif(current_setting('app.organization_id', true), '')::uuid and m.user_id = users.id)) with check (users.id = nullif(current_setting('app.user_id', true), '')::uuid);`);
  }

}
