import type { ReadDoor } from '../database/read-door.ts';

/** Reads an additional field of some rows. Returns a function that answers the field of one row. */
export type IncludeReader<Shown> = (
  db: ReadDoor,
  ids: readonly string[],
  rows: readonly Shown[],
) => Promise<(id: string, row: Shown) => Partial<Shown>>;

/**
 * Adds the fields that the client has named in `include`, with one statement per name for all rows.
 * @param readers the reader of each name
 */
export async function including<Shown extends { id: string }, Name extends string>(
  readers: ReadonlyMap<Name, IncludeReader<Shown>>,
  db: ReadDoor,
  rows: readonly Shown[],
  include: readonly Name[] = [],
): Promise<Shown[]> {
  let shown = [...rows];
  if (shown.length === 0) return shown;
  const ids = rows.map(({ id }) => id);
  for (const name of include) {
    const of = await readers.get(name)?.(db, ids, rows);
    if (!of) throw new Error(`Nothing reads ${name}.`);
    shown = shown.map((row) => ({ ...row, ...of(row.id, row) }));
  }
  return shown;
}
