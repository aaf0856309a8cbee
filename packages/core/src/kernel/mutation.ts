/** The versions that If-Match or If-None-Match names: any (`*`), one, or several. An empty list matches no version. */
export type Versions = '*' | number | readonly number[];

/** The headers that every mutation takes (`auth.*` apart), as the API read them. */
export interface MutationRequest {
  /** The operationId: idempotency keys are kept per organization, actor and procedure. */
  readonly procedure: string;
  /** The parsed input. Two uses of one key must have the same input. */
  readonly input: unknown;
  readonly idempotencyKey: string | null;
  /** The target must have one of these versions. Null without the header. */
  readonly ifMatch: Versions | null;
  /** The target must have none of these versions. @default null */
  readonly ifNoneMatch?: Versions | null;
  readonly dryRun: boolean;
  /** Whether the answer contains a secret. Such an answer is not stored, and replays of it are refused. */
  readonly secretAnswer: boolean;
}

/** An event as a dry run shows it. */
export interface EventSummary {
  type: string;
  entity: { type: string; id: string };
  changes: Record<string, { from: unknown; to: unknown }>;
  data: Record<string, unknown>;
}

/** What the API must report about a mutation in addition to its answer. The mutation fills it while it runs. */
export interface MutationOutcome {
  replayed: boolean;
  /** Whether the answer is a job, which continues the work. */
  accepted: boolean;
  /** Set after a dry run. */
  dryRun: { events: EventSummary[] } | null;
}
