import type { StatementValues } from '../database/statement.ts';
import { bucketOf } from './durations.ts';

/** An operation as callers know it. It must be the same object for each call, because sums are found by it. */
export interface ApiRoute {
  readonly method: string;
  /** The template of the path. */
  readonly endpoint: string;
}

/** How often a route was called in an organization on one day, for one range of durations. */
export interface Usage extends StatementValues {
  organizationId: string;
  /** `2026-01-31`, in UTC. */
  day: string;
  method: string;
  endpoint: string;
  bucket: number;
  requests: number;
  errors: number;
  totalMs: number;
}

const dayMs = 24 * 60 * 60 * 1000;

/**
 * Adds up calls. Every request does this, so a sum is found by objects and numbers: a text as its key would have to be made and hashed for
 * each call, which costs five times as much.
 */
export class UsageSums {
  readonly #most: number;
  #sums: Usage[] = [];
  /** Those of the present day. */
  #found = new Map<string, Map<ApiRoute, Map<number, Usage>>>();
  #day = { text: '', from: 0 };

  /** @param most how many sums are kept at most */
  constructor(most: number) {
    this.#most = most;
  }

  get size(): number {
    return this.#sums.length;
  }

  /** Adds a call. Answers false when there are too many sums for another one. */
  add(organizationId: string, route: ApiRoute, at: Date, status: number, durationMs: number): boolean {
    const day = this.#dayOf(at);
    let routes = this.#found.get(organizationId);
    if (!routes) this.#found.set(organizationId, (routes = new Map<ApiRoute, Map<number, Usage>>()));
    let buckets = routes.get(route);
    if (!buckets) routes.set(route, (buckets = new Map<number, Usage>()));
    const bucket = bucketOf(durationMs);
    let sum = buckets.get(bucket);
    if (!sum) {
      if (this.#sums.length >= this.#most) return false;
      const { method, endpoint } = route;
      sum = { organizationId, day, method, endpoint, bucket, requests: 0, errors: 0, totalMs: 0 };
      buckets.set(bucket, sum);
      this.#sums.push(sum);
    }
    sum.requests++;
    if (status >= 400) sum.errors++;
    sum.totalMs += durationMs;
    return true;
  }

  /** Takes out some sums. */
  take(most: number): Usage[] {
    this.#found.clear();
    return this.#sums.splice(0, most);
  }

  /** Puts sums back. Later calls begin sums of their own. */
  putBack(sums: readonly Usage[]): void {
    this.#sums.unshift(...sums);
  }

  #dayOf(at: Date): string {
    const passed = at.getTime() - this.#day.from;
    if (passed < 0 || passed >= dayMs) {
      this.#found.clear();
      const text = at.toISOString().slice(0, 10);
      this.#day = { text, from: Date.parse(text) };
    }
    return this.#day.text;
  }
}
