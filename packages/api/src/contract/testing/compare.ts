import type { Dump, Fingerprints, Row } from '@tenon/core/testing';
import type { Problem } from '../../problem.ts';
import type { Reply } from './wire.ts';

/** A problem without what differs from request to request. */
export function told(problem: Problem | null): object | null {
  if (!problem) return null;
  const { requestId: _requestId, instance: _instance, ...rest } = problem;
  return rest;
}

/** What a client learns from an answer. */
export const learned = ({ status, data, problem, headers }: Reply): object => ({
  status,
  data,
  problem: told(problem),
  headers: Object.keys(headers).sort(),
});

/** The rows that one dump has and another has not. */
export function added(before: Dump, after: Dump, table: string): Row[] {
  const known = new Set(before[table]?.map((row) => JSON.stringify(row)));
  return (after[table] ?? []).filter((row) => !known.has(JSON.stringify(row)));
}

/** The tables that differ. */
export const changedTables = (before: Fingerprints, after: Fingerprints): string[] =>
  Object.keys(after).filter((table) => before[table] !== after[table]);
