/** The three headers that every mutation takes (`auth.*` apart), as the API read them. */
export interface MutationRequest {
  /** The operationId: idempotency keys are kept per organization, actor and procedure. */
  readonly procedure: string;
  /** What two uses of one key must agree on: the parsed input. */
  readonly input: unknown;
  readonly idempotencyKey: string | null;
  /** `*` (it exists), a version, or null when the header was not sent. */
  readonly ifMatch: '*' | number | null;
  readonly dryRun: boolean;
  /** Whether the answer holds a secret: it is then not kept, and a replay is refused. */
  readonly secretAnswer: boolean;
}

/** An event as a dry run shows it. */
export interface EventSummary {
  type: string;
  entity: { type: string; id: string };
  changes: Record<string, { from: unknown; to: unknown }>;
  data: Record<string, unknown>;
}

/** What the API must say about a mutation beside its answer. Filled while it runs. */
export interface MutationOutcome {
  replayed: boolean;
  /** Set after a dry run. */
  dryRun: { events: EventSummary[] } | null;
}
