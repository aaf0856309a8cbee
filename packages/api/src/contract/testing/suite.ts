import { afterAll, beforeAll } from 'vitest';
import type { Person, Scene } from './scene.ts';

interface Opened {
  scene: Scene;
  /** The owner of Acme, who calls most operations. */
  owner: Person;
}

/**
 * Opens a scene before the tests of the surrounding suite, and disposes of it after them.
 * @param ready keeps the scene in the variables of the suite, and prepares what else its tests need
 */
export function useScene(open: () => Promise<Scene>, ready: (opened: Opened) => unknown): void {
  let scene: Scene | undefined;
  beforeAll(async () => {
    scene = await open();
    await ready({ scene, owner: scene.acme.people.owner });
  });
  afterAll(() => scene?.dispose());
}
