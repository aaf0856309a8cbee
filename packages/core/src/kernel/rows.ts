import { DomainError, type FieldPath } from './errors.ts';

/** What happens to the other rows of a call when one row is refused. `atomic`: all are refused. `perItem`: the others are changed. */
export const bulkModes = ['atomic', 'perItem'] as const;
type BulkMode = (typeof bulkModes)[number];

/** A call that names many rows. */
interface BulkCall {
  mode: BulkMode;
  /** Where the input names a row. */
  rowAt: (index: number) => FieldPath;
  /** Where the input has the fields of a row. */
  fieldsAt: (index: number) => FieldPath;
}

/** Why a row was refused: an error in a form that can be stored for an Idempotency-Key. */
export type Refusal = Pick<DomainError, 'code' | 'kind' | 'message' | 'details'>;

/** The outcome of each row, in the order of the call. */
export type Outcomes<Value> = readonly ({ value: Value } | { refusal: Refusal })[];

function refusalOf({ code, kind, message, details }: DomainError, fieldsAt: FieldPath): Refusal {
  const { cause: _, field, ...others } = details;
  return { code, kind, message, details: field ? { ...others, field: [...fieldsAt, ...field] } : others };
}

/** The most refused rows that one error names. */
const mostNamed = 100;

/**
 * The rows of a call that changes several rows in one transaction. They pass one check after the other, and each check may refuse some rows
 * with an error. A call for one row throws its error. In a bulk call with the mode `atomic`, the first check that refuses a row throws an
 * error that names all rows that it refused. With `perItem`, the refused rows are left out and the others continue.
 */
export class Rows<Value> {
  /** Null for a call that names one row. */
  readonly #call: BulkCall | null;
  readonly #values: ReadonlyMap<number, Value>;
  readonly #refused: ReadonlyMap<number, DomainError>;

  private constructor(
    call: BulkCall | null,
    values: ReadonlyMap<number, Value>,
    refused: ReadonlyMap<number, DomainError> = new Map(),
  ) {
    this.#call = call;
    this.#values = values;
    this.#refused = refused;
  }

  /** Makes the rows of a call for only one row. */
  static one<Value>(value: Value): Rows<Value> {
    return new Rows(null, new Map([[0, value]]));
  }

  static many<Value>(values: readonly Value[], call: BulkCall): Rows<Value> {
    return new Rows(call, new Map(values.entries()));
  }

  /** The rows that are not refused. */
  get values(): Value[] {
    return [...this.#values.values()];
  }

  get size(): number {
    return this.#values.size;
  }

  /** The only row of a call for one row. */
  get only(): Value {
    const [value] = this.#values.values();
    if (value === undefined) throw new Error('The only row of a call was refused without an error.');
    return value;
  }

  /**
   * Runs `work` for each row. A `DomainError` refuses the row.
   * @throws the error of a refused row, unless the other rows continue without it
   */
  map<Next>(work: (value: Value) => Next): Rows<Next> {
    const values = new Map<number, Next>();
    const refused = new Map(this.#refused);
    for (const [index, value] of this.#values) {
      try {
        values.set(index, work(value));
      } catch (error) {
        if (!(error instanceof DomainError) || this.#call === null) throw error;
        refused.set(index, error);
      }
    }
    if (this.#call?.mode === 'atomic') this.#throwRefused(this.#call, refused);
    return new Rows(this.#call, values, refused);
  }

  /** The outcome of each row of a bulk call. */
  outcomes(): Outcomes<Value> {
    const { fieldsAt = () => [] } = this.#call ?? {};
    const outcomes = [
      ...[...this.#values].map(([index, value]) => [index, { value }] as const),
      ...[...this.#refused].map(([index, error]) => [index, { refusal: refusalOf(error, fieldsAt(index)) }] as const),
    ];
    return outcomes.toSorted(([a], [b]) => a - b).map(([, outcome]) => outcome);
  }

  #throwRefused({ rowAt }: BulkCall, refused: ReadonlyMap<number, DomainError>): void {
    const [first] = refused.values();
    if (!first) return;
    const fields = [...refused].map(([index, { message }]) => ({ field: rowAt(index), message }));
    const { field: _, ...details } = first.details;
    throw new DomainError(first.code, first.kind, first.message, { ...details, fields: fields.slice(0, mostNamed) });
  }
}
