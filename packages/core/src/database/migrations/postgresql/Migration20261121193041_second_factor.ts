import { Migration } from '@mikro-orm/migrations';

export class Migration20261121193041_second_factor extends Migration {

  override name = 'Migration20261121193041_second_factor';

  override up(): void | Promise<void> {
    this.addSql(`create table "totp_credentials" ("user_id" uuid not null, "secret" text not null, "created_at" timestamptz(3) not null, "confirmed_at" timestamptz(3) null, "last_used_step" int null, primary key ("user_id"));`);

    this.addSql(`create table "sign_in_challenges" ("token_hash" varchar(255) not null, "purpose" varchar(255) not null, "user_id" uuid null, "proof" varchar(255) null, "wrong_answers" int not null, "created_at" timestamptz(3) not null, "expires_at" timestamptz(3) not null, primary key ("token_hash"));`);
    this.addSql(`create index "sign_in_challenges_user_id_index" on "sign_in_challenges" ("user_id");`);
    this.addSql(`create index "sign_in_challenges_expires_at_index" on "sign_in_challenges" ("expires_at");`);

    this.addSql(`create table "recovery_codes" ("hash" varchar(255) not null, "user_id" uuid not null, "created_at" timestamptz(3) not null, "used_at" timestamptz(3) null, primary key ("hash"));`);
    this.addSql(`create index "recovery_codes_user_id_index" on "recovery_codes" ("user_id");`);

    this.addSql(`create table "passkeys" ("id" uuid not null, "user_id" uuid not null, "name" varchar(255) not null, "credential_id" text not null, "public_key" text not null, "sign_count" double precision not null, "transports" jsonb not null, "is_backed_up" boolean not null, "created_at" timestamptz(3) not null, "last_used_at" timestamptz(3) null, primary key ("id"));`);
    this.addSql(`alter table "passkeys" add constraint "passkeys_credential_id_unique" unique ("credential_id");`);
    this.addSql(`create index "passkeys_user_id_index" on "passkeys" ("user_id");`);

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
  }

  override down(): void | Promise<void> {
    this.addSql(`drop table if exists "totp_credentials" cascade;`);
    this.addSql(`drop table if exists "sign_in_challenges" cascade;`);
    this.addSql(`drop table if exists "recovery_codes" cascade;`);
    this.addSql(`drop table if exists "passkeys" cascade;`);
  }

}
