import { globSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Fields, Inputs, Room } from './operation-types.ts';
import type { Person, Scene } from './scene.ts';

/*
 * What the contract tests need to know about each operation. It is in `*.samples.ts` beside the router. The tests find these
 * files by name.
 */

export interface Sample<Input> {
  /**
   * Creates what a successful call needs, and answers its input. Creates new objects for every call. The input has a value for every
   * field that names something by its id. A caller with the permission succeeds with it.
   */
  input: (caller: Person, scene: Scene) => Input | Promise<Input>;
  /** Why a mutation records no event. Absent when it records one. */
  recordsNothing?: string;
  /** Whether a call changes the organization as a whole. This is undone before the next input is made. */
  upsets?: boolean;
  /** Whether the caller loses the needed permission by the call, so that it cannot be repeated. */
  takesPermission?: boolean;
}

/** The samples of one router. The compiler reports missing ones. */
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
