export * from './access/index.ts';
export * from './activity/index.ts';
export * from './analytics/index.ts';
export * from './api-log/index.ts';
export type { ServiceContext } from './database/context.ts';
export { isPostgresUrl, sqliteFile } from './database/database.ts';
export { toStartError } from './database/start-failures.ts';
export { type Resealed, resealSecrets } from './database/reseal.ts';
export {
  type ByteRange,
  type Download,
  type FileDownload,
  type GeneratedDownload,
  fileErrors,
  type IncomingFile,
  type SentFile,
} from './files/index.ts';
export * from './identity/index.ts';
export { getJob, Job, jobErrors, type QueueDepth, queueDepth } from './jobs/index.ts';
export type { Clock } from './kernel/clock.ts';
export {
  DomainError,
  errorDefinitions,
  type ErrorDetails,
  type ErrorKind,
  errors,
  type Explanation,
  type FieldError,
  type SignInChallenge,
} from './kernel/errors.ts';
export { escapeHtml } from './kernel/html.ts';
export type { CoreSettings, S3Settings } from './kernel/settings.ts';
export { uuidv7 } from './kernel/ids.ts';
export { type KeyKind, replaceKeys } from './kernel/keys.ts';
export type { MutationOutcome, MutationRequest, Versions } from './kernel/mutation.ts';
export { parseAddress } from './kernel/network-address.ts';
export type { Principal } from './kernel/principal.ts';
export { hasSecrets, removed, secret, withoutSecrets } from './kernel/redaction.ts';
export type { Refusal } from './kernel/rows.ts';
export { ById, groupsOf, page } from './kernel/schemas.ts';
export { capitalized, pascalCased } from './kernel/text.ts';
export * from './live/index.ts';
export * from './notifications/index.ts';
export {
  createPlatform,
  eventTypes,
  migrate,
  pendingMigrations,
  type Platform,
  type PlatformSettings,
  refreshStatistics,
} from './platform.ts';
export * from './tenancy/index.ts';
export * from './webhooks/index.ts';
export * from './work/index.ts';
