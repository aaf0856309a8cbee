import { visibility } from './access/index.ts';
import { activityTables } from './activity/index.ts';
import { newOutcome, type ServiceContext } from './database/context.ts';
import { counterTable } from './database/counter.entity.ts';
import { type Database, openDatabase } from './database/database.ts';
import { idempotencyKeyTable } from './database/idempotency.entity.ts';
import type { TableDefinition } from './database/table.ts';
import { identityTables } from './identity/index.ts';
import { jobTables } from './jobs/index.ts';
import { type Clock, systemClock } from './kernel/clock.ts';
import { uuidv7 } from './kernel/ids.ts';
import type { MutationRequest } from './kernel/mutation.ts';
import type { Principal } from './kernel/principal.ts';
import type { CoreSettings } from './kernel/settings.ts';
import { tenancyTables } from './tenancy/index.ts';
import { workTables } from './work/index.ts';

/** Every table of the platform: each context lists its own. */
export const tables: readonly TableDefinition[] = [
  counterTable,
  idempotencyKeyTable,
  ...jobTables,
  ...activityTables,
  ...identityTables,
  ...tenancyTables,
  ...workTables,
];

export interface PlatformSettings extends CoreSettings {
  /** `file:PATH` for SQLite, `postgres://…` for PostgreSQL. */
  readonly databaseUrl: string;
  readonly poolSize?: number;
}

export interface ContextParts {
  principal: Principal | null;
  requestId?: string;
  mutation?: MutationRequest;
}

/** The whole domain, wired: what each app composes, and what a test opens on a private database. */
export interface Platform {
  readonly settings: PlatformSettings;
  readonly database: Database;
  readonly clock: Clock;
  /** The context of one request, job or script. */
  context(parts: ContextParts): ServiceContext;
  close(): Promise<void>;
}

export interface PlatformOptions {
  clock?: Clock;
  onConnectionError?: (error: Error) => void;
}

/** Opens the platform on a migrated database. */
export async function createPlatform(settings: PlatformSettings, options: PlatformOptions = {}): Promise<Platform> {
  const clock = options.clock ?? systemClock;
  const database = await openDatabase({
    url: settings.databaseUrl,
    tables,
    visibility,
    ...(settings.poolSize ? { poolSize: settings.poolSize } : {}),
    ...(options.onConnectionError ? { onConnectionError: options.onConnectionError } : {}),
  });
  return {
    settings,
    database,
    clock,
    context: ({ principal, requestId, mutation }) => ({
      principal,
      requestId: requestId ?? uuidv7(),
      clock,
      database,
      settings,
      outcome: newOutcome(),
      ...(mutation ? { mutation } : {}),
    }),
    close: () => database.close(),
  };
}
