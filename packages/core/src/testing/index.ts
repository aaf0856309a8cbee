export { staleValues } from '../database/row-cache.ts';
export { acting } from './acting.ts';
export { warmCaches } from './caches.ts';
export { accountTokens, deactivate, givePassword, makeInstanceAdmin } from './accounts.ts';
export {
  analyzeTables,
  asSuperuser,
  createTestDatabase,
  dialects,
  prepareTemplate,
  recordMigration,
  type TestDatabase,
  type TestDialect,
} from './databases.ts';
export { seedTree } from './big-tree.ts';
export { encloseEverything } from './closed-places.ts';
export { countDriverCalls, type DriverCounts } from './driver-counts.ts';
export { type Dump, type DumpReader, type Fingerprints, openDump, type Row } from './dump.ts';
export { storedFiles, testFile, type TestFile } from './files.ts';
export { invitationTokenOf } from './invitations.ts';
export { addTestJobs, claimTestJobs, startTestJob } from './jobs.ts';
export { startTestIssuer, type TestIssuer } from './oidc-issuer.ts';
export { type Cost, createMeteredPlatform, type MeteredPlatform } from './metered-platform.ts';
export { addNotification } from './notifications.ts';
export { ownIssuer } from './oidc-provider.ts';
export {
  createOrganization,
  createTestPlatform,
  TestClock,
  type TestMember,
  type TestOrganization,
  type TestPlatform,
} from './platform.ts';
export { administer, startPostgres, startPostgresOrExit, type TestPostgres } from './postgres.ts';
export { TestAuthenticator } from './authenticator.ts';
export { disableAdded, enrolPasskey, enrolTotp, removePasskeys, removeTotp, type TestApp } from './second-factor.ts';
export { accessTokenOf, limitedTokenOf, openSessionOf } from './sign-in.ts';
export { figureDifferences, figureTables } from './task-figures.ts';
export { whileMutating } from './twins.ts';
