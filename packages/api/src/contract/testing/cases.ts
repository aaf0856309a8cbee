import { dialects, type TestDialect } from '@tenon/core/testing';
import type { Operation } from '../../operation.ts';
import { findSamples, type Sample } from './samples.ts';
import { openScene, operations, type Person, type Scene } from './scene.ts';
import type { Fields } from './wire.ts';

/** An operation and its sample. */
export class Case {
  readonly name: string;
  readonly operation: Operation;
  readonly #sample: Sample<unknown> | undefined;

  constructor(name: string, operation: Operation, sample: Sample<unknown> | undefined) {
    this.name = name;
    this.operation = operation;
    this.#sample = sample;
  }

  get recordsNothing(): string | null {
    return this.#sample?.recordsNothing ?? null;
  }

  get takesPermission(): boolean {
    return this.#sample?.takesPermission ?? false;
  }

  /** Makes a new input with which the caller succeeds. @throws when the operation has no sample */
  async input(caller: Person, scene: Scene): Promise<Fields> {
    if (!this.#sample) throw new Error(`${this.name} has no sample: see samples.test.ts.`);
    await scene.settle(this.#sample.upsets ?? false);
    return (await this.#sample.input(caller, scene)) as Fields;
  }
}

const samples = await findSamples();

/** All operations. */
export const cases: readonly Case[] = [...operations].map(
  ([name, operation]) => new Case(name, operation, samples.get(name)),
);

/** The cases that match, in the form that `it.each` and `describe.each` take. */
export const casesWhere = (matches: (operation: Operation) => boolean): [string, Case][] =>
  cases.filter(({ operation }) => matches(operation)).map((one) => [one.name, one]);

/** Both databases, each with a function that opens its scene. */
export const scenes = dialects.map((dialect): [TestDialect, () => Promise<Scene>] => [
  dialect,
  () => openScene(dialect),
]);
