import { afterAll, beforeAll } from 'vitest';
import { writeThroughSystemDoor } from '../database/system-door.ts';
import type { Unit } from '../database/unit-of-work.ts';
import { enqueue } from '../jobs/index.ts';
import type { TestDialect } from './databases.ts';
import { anonymous } from './people.ts';
import {
  createOrganization,
  createTestPlatform,
  type TestMember,
  type TestOrganization,
  type TestPlatform,
  type TestPlatformOptions,
} from './platform.ts';

/** The scene that the tests of one suite share. */
export interface Suite {
  readonly platform: TestPlatform;
  readonly acme: TestOrganization;
  readonly owner: TestMember;
  /** Runs a unit of work behind the system door. */
  system<T>(work: (unit: Unit) => Promise<T>): Promise<T>;
  /** Starts a job of the system, and runs all due jobs. */
  runJob(kind: string): Promise<void>;
}

/**
 * Creates a platform with one organization before the tests of the surrounding suite, and disposes of it after them. Call it in
 * `describe`. Its result can only be used in hooks and tests.
 */
export function openSuite(dialect: TestDialect, options: TestPlatformOptions = {}): Suite {
  let opened: { platform: TestPlatform; acme: TestOrganization } | undefined;
  const now = () => {
    if (!opened) throw new Error('The suite is open while its hooks and tests run.');
    return opened;
  };
  beforeAll(async () => {
    const platform = await createTestPlatform(dialect, options);
    opened = { platform, acme: await createOrganization(platform) };
  });
  afterAll(() => opened?.platform.dispose());
  return {
    get platform() {
      return now().platform;
    },
    get acme() {
      return now().acme;
    },
    get owner() {
      return now().acme.owner;
    },
    system: (work) => writeThroughSystemDoor(anonymous(now().platform), work),
    async runJob(kind) {
      await this.system((unit) => enqueue(unit, kind, {}));
      await now().platform.runDueJobs();
    },
  };
}
