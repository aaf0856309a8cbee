import type { Range, Source } from './syntax.ts';

/**
 * A piece of code that can be switched off at run time. The inserted texts ask each time whether it is off: `OFF` in them becomes
 * that question. `FIRED` becomes a note that the code would behave differently now if it were off.
 */
export interface Switch extends Range {
  file: string;
  /** Inserted before the piece. */
  before: string;
  /** Inserted after the piece. */
  after: string;
}

export type Kind = 'refused' | 'passed' | 'thrown' | 'called' | 'decided' | 'narrowed' | 'rule' | 'wall' | 'policy';

/** One change that switches a check off. A test has to notice it. */
export interface Mutation {
  kind: Kind;
  name: string;
  /** The declaration around it. `--since` tries the mutation again when this changes. */
  owner: { source: Source; node: Range };
  /** A folder whose changes count as well. */
  alsoIn?: string;
  /** Empty if the mutation changes the database (`sql`). */
  off: readonly Switch[];
  /** Other checks that stop the same input. They are off as well when the mutation is tried a second time. */
  masks: readonly Switch[];
  /** Changes a migrated PostgreSQL database instead of the code. */
  sql?: string;
}

/** What may stop the same input as a check, before the check does: see `masksFor`. */
export type Mask = 'admission' | 'visibility' | 'wall' | 'sibling' | 'proof';

/** A check, and how it is switched off. */
export interface Check extends Switch {
  kind: Kind;
  /** The code of the check, for the name of the mutation. */
  says: string;
  /** The function that it calls. */
  callee?: string;
  behind?: readonly Mask[];
}

type Around = Pick<Switch, 'before' | 'after'>;

/** Makes a condition true. It still runs, because it may have effects. */
export const alwaysTrue: Around = { before: '((OFF, (', after: ')) || (FIRED, OFF))' };

/** Makes a condition false. It still runs. */
export const alwaysFalse: Around = { before: '((OFF, (', after: ')) && (FIRED, !OFF))' };

/** Replaces an expression by other code. */
export const instead = (code: string): Around => ({ before: `(FIRED, OFF ? (${code}) : (`, after: '))' });

/** Makes a check of a piece of code. */
export const check = (source: Source, kind: Kind, { start, end }: Range, around: Around, says?: string): Check => ({
  kind,
  file: source.file,
  start,
  end,
  ...around,
  says: says ?? source.textOf({ start, end }),
});
