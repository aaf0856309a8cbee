export { acting } from './acting.ts';
export { accountTokens, deactivate, givePassword, makeInstanceAdmin } from './accounts.ts';
export {
  asSuperuser,
  createTestDatabase,
  dialects,
  prepareTemplate,
  type TestDatabase,
  type TestDialect,
} from './databases.ts';
export { type Dump, openDump, type Row } from './dump.ts';
export { invitationTokenOf } from './invitations.ts';
export {
  createOrganization,
  createTestPlatform,
  TestClock,
  type TestMember,
  type TestOrganization,
  type TestPlatform,
} from './platform.ts';
export { startPostgres, type TestPostgres } from './postgres.ts';
export { accessTokenOf, openSessionOf } from './sign-in.ts';
