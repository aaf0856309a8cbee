import { join } from 'node:path';
import { opensClosed, visibility } from './access/index.ts';
import {
  activityEvents,
  activityHandlers,
  activitySchedules,
  activityTables,
  type EventType,
  registerEvents,
  Sealer,
} from './activity/index.ts';
import { analyticsTables, createFoldLoop, figureHandlers, figureSchedules, foldFigures } from './analytics/index.ts';
import { ApiLog, apiLogHandlers, apiLogSchedules, apiLogTables } from './api-log/index.ts';
import { newOutcome, type ServiceContext } from './database/context.ts';
import { counterTable } from './database/counter.entity.ts';
import { type Database, openDatabase } from './database/database.ts';
import { idempotencyKeyTable } from './database/idempotency.entity.ts';
import { pendingMigrations as listPendingMigrations } from './database/migration-state.ts';
import type { PostgresLimits } from './database/postgresql-engine.ts';
import type { TablesOf } from './database/schema.ts';
import { openFileStore } from './files/index.ts';
import {
  authenticate,
  createMailbox,
  type Identity,
  identityEvents,
  identityHandlers,
  identityMails,
  identitySchedules,
  identityTables,
  mailHandler,
  type Mailer,
  mailJob,
} from './identity/index.ts';
import { JobRunner, jobTables, maintenanceHandlers, maintenanceSchedules } from './jobs/index.ts';
import { type Clock, systemClock } from './kernel/clock.ts';
import { uuidv7 } from './kernel/ids.ts';
import { type Logger, silentLogger } from './kernel/logger.ts';
import type { MutationRequest } from './kernel/mutation.ts';
import type { Principal } from './kernel/principal.ts';
import type { CoreSettings } from './kernel/settings.ts';
import { logStreams, stopStreams } from './live/index.ts';
import {
  apiKeyStart,
  authenticateApiKey,
  type ChosenOrganization,
  loadPrincipal,
  tenancyEvents,
  tenancyHandlers,
  tenancyMails,
  tenancySchedules,
  tenancyTables,
  writeApiKeyUses,
} from './tenancy/index.ts';
import {
  notificationEvents,
  notificationHandlers,
  notificationMails,
  notificationSchedules,
  notificationTables,
  writeFetched,
} from './notifications/index.ts';
import { Deliverer, webhookContextEvents, webhookHandlers, webhookSchedules, webhookTables } from './webhooks/index.ts';
import {
  attachmentHandlers,
  attachmentSchedules,
  workEvents,
  workHandlers,
  workSchedules,
  workTables,
} from './work/index.ts';

/** How often it is written when API keys were last used. */
const usesEveryMs = 15_000;

/** How often it is written which notifications clients have fetched. */
const deliveredEveryMs = 5000;

/** Every type of event, by its name: each context lists its own. */
export const eventTypes: ReadonlyMap<string, EventType> = registerEvents([
  ...activityEvents,
  ...identityEvents,
  ...tenancyEvents,
  ...workEvents,
  ...notificationEvents,
  ...webhookContextEvents,
]);

/** Every table of the platform: each context lists its own. */
export const tables = [
  counterTable,
  idempotencyKeyTable,
  ...jobTables,
  ...activityTables,
  ...identityTables,
  ...tenancyTables,
  // Before those of work: rows are erased in the opposite order, and erasing tasks adds changes of figures.
  ...analyticsTables,
  ...workTables,
  ...notificationTables,
  ...apiLogTables,
  ...webhookTables,
];

declare module './database/schema.ts' {
  interface Tables extends TablesOf<typeof tables> {}
}

export interface PlatformSettings extends CoreSettings {
  /** `file:PATH` for SQLite, `postgres://…` for PostgreSQL. */
  readonly databaseUrl: string;
  /** Connections to PostgreSQL, and how long they wait. @default 10; 5 seconds for a connection, 10 for a lock, 30 for a statement */
  readonly postgres?: Partial<PostgresLimits>;
  /** What a commit on SQLite survives. `normal`: the end of the process. `full`: a power cut too. @default 'normal' */
  readonly sqliteSynchronous?: 'normal' | 'full';
}

interface ContextParts {
  principal: Principal | null;
  /** @default a new one */
  requestId?: string;
  /** @default null */
  address?: string | null;
  mutation?: MutationRequest;
  /** @default false */
  quiet?: boolean;
}

/** The whole domain, wired: what each app composes, and what a test opens on a private database. */
export interface Platform {
  readonly settings: PlatformSettings;
  readonly database: Database;
  readonly clock: Clock;
  /**
   * Who sent an access token or an API key.
   * @throws `unauthenticated` unless it is ours, and its session or key and its user are alive
   */
  authenticate(credential: string): Promise<Identity>;
  /**
   * Loads who acts, and in which organization.
   * @throws `no_organization`, `organization_required`, `organization_not_found`, `organization_inactive`
   */
  principal(
    identity: Identity,
    need: 'none' | 'optional' | 'required',
    chosen?: ChosenOrganization,
  ): Promise<Principal>;
  /** The context of one request, job or script. */
  context(parts: ContextParts): ServiceContext;
  /** The calls of operations. It keeps them in memory until `start` lets it write them. */
  readonly apiLog: Pick<ApiLog, 'add' | 'start' | 'write'>;
  /** Seals the events that are committed. It keeps those of this process in memory until `start` lets it seal them. */
  readonly sealer: Pick<Sealer, 'lag' | 'sealAll' | 'sealCommitted' | 'start'>;
  /** Runs jobs and schedules, sends to webhooks, and keeps the sums of figures, inside this process, until `stopJobs`. */
  startJobs(): void;
  /** Waits at most 30 seconds for the jobs that run. */
  stopJobs(): Promise<void>;
  /** Seals what this process has committed, and runs what is due until nothing is: for tests and command lines. Answers how many jobs that were. */
  runDueJobs(): Promise<number>;
  /** Sends to webhooks what is due until nothing is: for tests and command lines. Answers how many attempts that were. */
  sendDueDeliveries(): Promise<number>;
  /** Brings the sums of figures up to date: for tests and command lines. Answers how many changes of tasks that were. */
  foldFigures(): Promise<number>;
  /** Ends all streams of events. Their readers are told to come back, and go to another server. */
  stopStreams(): void;
  close(): Promise<void>;
}

export interface PlatformOptions {
  clock?: Clock;
  /** @default silent */
  logger?: Logger;
  /** @default a mailbox folder in the data directory */
  mailer?: Mailer;
  onConnectionError?: (error: Error) => void;
}

/**
 * Opens the platform on a migrated database.
 * @throws StartError when the database cannot be used, was not migrated, or belongs to a newer version, and when its login could pass
 * the walls: a superuser, one that bypasses row-level security, or an owner of tables
 */
export async function createPlatform(settings: PlatformSettings, options: PlatformOptions = {}): Promise<Platform> {
  const clock = options.clock ?? systemClock;
  const logger = options.logger ?? silentLogger;
  const database = await openDatabase({
    url: settings.databaseUrl,
    tables,
    visibility,
    opensClosed,
    ...(settings.postgres && { postgres: settings.postgres }),
    ...(settings.sqliteSynchronous ? { synchronous: settings.sqliteSynchronous } : {}),
    ...(options.onConnectionError ? { onConnectionError: options.onConnectionError } : {}),
  });
  const mailer = options.mailer ?? createMailbox({ directory: join(settings.dataDirectory, 'mailbox'), logger, clock });
  const files = openFileStore(settings);
  logStreams(database, logger);
  const context = ({ principal, requestId, address, mutation, quiet }: ContextParts): ServiceContext => ({
    principal,
    requestId: requestId ?? uuidv7(),
    address: address ?? null,
    clock,
    database,
    files,
    settings,
    outcome: newOutcome(),
    ...(mutation ? { mutation } : {}),
    ...(quiet ? { quiet } : {}),
  });
  const runner = new JobRunner({
    context: (requestId) => context({ principal: null, requestId }),
    handlers: {
      ...maintenanceHandlers,
      ...activityHandlers(logger),
      ...identityHandlers,
      ...tenancyHandlers,
      ...workHandlers,
      ...notificationHandlers,
      ...apiLogHandlers,
      ...attachmentHandlers(logger),
      ...webhookHandlers,
      ...figureHandlers,
      [mailJob]: mailHandler(mailer, { ...identityMails, ...tenancyMails, ...notificationMails }),
    },
    schedules: [
      ...maintenanceSchedules,
      ...activitySchedules,
      ...identitySchedules,
      ...tenancySchedules,
      ...workSchedules,
      ...notificationSchedules,
      ...apiLogSchedules,
      ...attachmentSchedules,
      ...webhookSchedules,
      ...figureSchedules,
    ],
    logger,
  });
  const writeUses = () =>
    writeApiKeyUses(context({ principal: null })).catch((error: unknown) =>
      logger.warn({ err: error }, 'When API keys were last used could not be written.'),
    );
  const apiLog = new ApiLog({ clock, logger, context: () => context({ principal: null }) });
  const sealer = new Sealer({ logger, context: () => context({ principal: null, requestId: 'sealer' }) });
  const deliverer = new Deliverer({
    logger,
    context: () => context({ principal: null, requestId: 'webhooks' }),
    sender: async () => (await import('./webhooks/delivery.send.ts')).createSender({ settings }),
  });
  const folds = createFoldLoop({ logger, context: () => context({ principal: null, requestId: 'figures' }) });
  const writing = setInterval(() => void writeUses(), usesEveryMs).unref();
  const writeDelivered = () =>
    writeFetched(context({ principal: null })).catch((error: unknown) =>
      logger.warn({ err: error }, 'Which notifications were delivered could not be written.'),
    );
  const delivering = setInterval(() => void writeDelivered(), deliveredEveryMs).unref();
  return {
    settings,
    database,
    clock,
    context,
    apiLog,
    sealer,
    authenticate: (credential) =>
      credential.startsWith(apiKeyStart)
        ? authenticateApiKey(database, clock, credential)
        : authenticate(database, settings, clock, credential),
    principal: (identity, need, chosen) => loadPrincipal(database, clock, identity, need, chosen),
    startJobs: () => {
      runner.start();
      deliverer.start();
      folds.start();
    },
    stopJobs: async () => {
      await Promise.all([runner.stop(), deliverer.stop(), folds.stop()]);
    },
    sendDueDeliveries: () => deliverer.runDue(),
    foldFigures: () => foldFigures(context({ principal: null })),
    async runDueJobs() {
      await sealer.sealCommitted();
      for (let count = 0; ;) {
        count += await runner.runDue();
        // Events may have started jobs.
        if ((await sealer.sealCommitted()) === 0) return count;
      }
    },
    stopStreams: () => stopStreams(database),
    async close() {
      stopStreams(database);
      clearInterval(writing);
      clearInterval(delivering);
      await writeUses();
      await writeDelivered();
      await apiLog.stop();
      await deliverer.stop();
      await folds.stop();
      await sealer.stop();
      await database.close();
    },
  };
}

/** Where the schema lives. */
export interface MigrationTarget {
  url: string;
  /** Whom migrations connect as. @default url */
  migrationUrl?: string;
}

/** Brings the database to the newest schema, and on PostgreSQL its roles. Answers the names of what it ran. */
export async function migrate(target: MigrationTarget): Promise<string[]> {
  const { migrate: run } = await import('./database/migrate.ts');
  return run({ ...target, tables });
}

/** Lets PostgreSQL analyze its tables after many rows were added. Does nothing on SQLite. */
export async function refreshStatistics(target: MigrationTarget): Promise<void> {
  const { refreshStatistics: refresh } = await import('./database/statistics.ts');
  await refresh(target);
}

/** The migrations that the database still lacks. */
export const pendingMigrations = ({ database }: Platform): Promise<string[]> => listPendingMigrations(database.engine);
