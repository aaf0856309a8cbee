import type { FileStore } from '../files/index.ts';
import type { Clock } from '../kernel/clock.ts';
import type { MutationOutcome, MutationRequest } from '../kernel/mutation.ts';
import type { Principal } from '../kernel/principal.ts';
import type { CoreSettings } from '../kernel/settings.ts';
import type { Database } from './database.ts';

/**
 * What every service function takes first: who acts, when, in which request, the database and the files. Made once a request, never
 * changed: acting as somebody else is another context.
 */
export interface ServiceContext {
  readonly principal: Principal | null;
  readonly requestId: string;
  /** The caller's network address; null where nobody calls over a network. */
  readonly address: string | null;
  readonly clock: Clock;
  readonly database: Database;
  /** Where the bytes of files are. */
  readonly files: FileStore;
  readonly settings: CoreSettings;
  /** The mutation headers of the request; absent in jobs and tests, where a mutation simply runs. */
  readonly mutation?: MutationRequest;
  readonly outcome: MutationOutcome;
  /** Whether nobody is told what happens, because the data is made up. @default false */
  readonly quiet?: boolean;
}

export const newOutcome = (): MutationOutcome => ({ replayed: false, accepted: false, dryRun: null });
