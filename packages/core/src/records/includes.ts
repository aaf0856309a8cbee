import type { ReadDoor } from '../database/read-door.ts';

/** Reads what some rows show in addition. Returns a function that answers it for one of them. */
export type IncludeReader<Shown> = (
  db: ReadDoor,
  ids: readonly string[],
  rows: readonly Shown[],
) => Promise<(id: string, row: Shown) => Partial<Shown>>;

/**
 * Adds to some rows what the client has asked for by `include`, each name by one statement for all of them.
 * @param readers what reads each name
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
