import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Cost, TestDialect } from '@tenon/core/testing';

/** What one call may cost. */
export type Budget = Omit<Cost, 'roundTrips'>;

/** What a call costs on both databases. `raised` says why it costs more than it did before. */
export type Budgets = Record<string, { raised?: string } & Partial<Record<TestDialect, Budget>>>;

/** The share by which bytes may differ from their budget, because a page more or less is chance. The other numbers must be equal. */
const tolerance = 0.15;

const file = join(import.meta.dirname, '../budgets.json');

export const readBudgets = (): Budgets => (existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Budgets) : {});

export const isNear = (bytes: number, budget: number): boolean => Math.abs(bytes - budget) <= tolerance * budget;

/** The new budget of a call. Bytes within the tolerance lower the budget but do not raise it, so no budget grows by small steps. */
const renewed = (cost: Budget, budget: Budget | undefined): Budget =>
  budget && isNear(cost.bytes, budget.bytes) ? { ...cost, bytes: Math.min(cost.bytes, budget.bytes) } : cost;

/** Names what differs, as in `rows 5 → 7`. */
function changes(before: Budget | undefined, after: Budget): string {
  const names = ['statements', 'transactions', 'rows', 'packets', 'bytes'] as const;
  const changed = names.filter((name) => before?.[name] !== after[name]);
  return changed.map((name) => `${name} ${before?.[name] ?? '–'} → ${after[name]}`).join(', ');
}

const line = (name: string, value: unknown): string =>
  `    ${JSON.stringify(name)}: ${JSON.stringify(value)
    .replaceAll(/([{,:])(?=")|:(?=\d)/g, '$& ')
    .replaceAll('}', ' }')}`;

/** Writes the costs that were measured on one database as budgets. Drops those of calls that no longer exist. Returns what has changed. */
export function writeBudgets(dialect: TestDialect, measured: ReadonlyMap<string, Budget>): string {
  const before = readBudgets();
  let report = '';
  const after: Budgets = {};
  for (const [name, cost] of measured) {
    const known = before[name];
    const budget = renewed(cost, known?.[dialect]);
    const changed = changes(known?.[dialect], budget);
    if (changed) report += `${name} on ${dialect}: ${changed}\n`;
    after[name] = { ...known, [dialect]: budget };
  }
  const blocks = Object.entries(after).map(([name, { raised, ...costs }]) => {
    const lines = [
      ...(raised ? [`    "raised": ${JSON.stringify(raised)}`] : []),
      ...Object.entries(costs).map(([key, cost]) => line(key, cost)),
    ];
    return `  ${JSON.stringify(name)}: {\n${lines.join(',\n')}\n  }`;
  });
  writeFileSync(file, `{\n${blocks.join(',\n')}\n}\n`);
  return report;
}
