/** A number from a range. */
export const between = ([least, most]: readonly [number, number]): number => least + Math.random() * (most - least);

/** @throws when there is nothing to choose from */
export function oneOf<Item>(items: readonly Item[]): Item {
  const item = items[Math.floor(Math.random() * items.length)];
  if (item === undefined) throw new Error('There is nothing to choose from.');
  return item;
}
