import { globSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Fields, Inputs, Room } from './operation-types.ts';
import type { Person, Scene } from './scene.ts';

/*
 * What the tests of the contract need to know of an operation. It stands beside its router, in `*.samples.ts`, and is found
 * there: no list names those files.
 */

export interface Sample<Input> {
  /**
   * Makes what a successful call needs, and answers its input: new things for every call, among them a value for every field that
   * names something by its id. Whoever holds the permission succeeds with it.
   */
  input: (caller: Person, scene: Scene) => Input | Promise<Input>;
  /** For a mutation that records no event: why. */
  recordsNothing?: string;
  /** Whether a call changes what the whole organization is: that is undone before the next input is made. */
  upsets?: boolean;
  /** Whether a call takes from its caller the permission that it needs, so that it cannot even be repeated. */
  takesPermission?: boolean;
}

/** The samples of one router. The compiler asks for those that are missing. */
export type Samples<R extends Room> = { [P in keyof Inputs[R] & string]: Sample<Fields<Inputs[R][P]>> };

interface RoomSamples {
  readonly room: string;
  readonly samples: Readonly<Record<string, Sample<unknown>>>;
}

export const samplesOf = <R extends Room>(room: R, samples: Samples<R>): RoomSamples => ({ room, samples });

/** The default exports of every `*.samples.ts`, by operationId. */
export async function findSamples(): Promise<ReadonlyMap<string, Sample<unknown>>> {
  const root = join(import.meta.dirname, '../..');
  const found = new Map<string, Sample<unknown>>();
  for (const file of globSync('**/*.samples.ts', { cwd: root })) {
    const { default: room } = (await import(pathToFileURL(join(root, file)).href)) as { default: RoomSamples };
    for (const [name, sample] of Object.entries(room.samples)) found.set(`${room.room}.${name}`, sample);
  }
  return found;
}
