import type { Dump, Fingerprints, Row } from '@tenon/core/testing';
import type { Problem } from '../../problem.ts';
import type { Reply } from './wire.ts';

/** A problem without the members that differ in every request. */
export function comparable(problem: Problem | null): object | null {
  if (!problem) return null;
  const { requestId: _requestId, instance: _instance, ...rest } = problem;
  return rest;
}

/** Everything that a client can learn from an answer. */
export const learned = ({ status, data, problem, headers }: Reply): object => ({
  status,
  data,
  problem: comparable(problem),
  headers: Object.keys(headers).sort(),
});

/** The rows of a table that were added between two dumps. */
export function added(before: Dump, after: Dump, table: string): Row[] {
  const known = new Set(before[table]?.map((row) => JSON.stringify(row)));
  return (after[table] ?? []).filter((row) => !known.has(JSON.stringify(row)));
}

/** The tables that changed between two fingerprints. */
export const changedTables = (before: Fingerprints, after: Fingerprints): string[] =>
  Object.keys(after).filter((table) => before[table] !== after[table]);
