export * from './access/index.ts';
export { ActivityEntry, ActivityPage } from './activity/index.ts';
export type { ServiceContext } from './database/context.ts';
export { DomainError, type ErrorDetails, type ErrorKind, errors, type FieldError } from './kernel/errors.ts';
export type { MutationOutcome, MutationRequest } from './kernel/mutation.ts';
export type { Principal } from './kernel/principal.ts';
export { createPlatform, type Platform, type PlatformSettings } from './platform.ts';
export * from './work/index.ts';
