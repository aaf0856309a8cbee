import { describe, expect, it } from 'vitest';
import type { Operation } from '../operation.ts';
import { operations } from './testing/scene.ts';

const filled = (path: string): string => path.replaceAll(/\{\w+\}/g, 'x');

const readable = [...operations.values()]
  .filter(({ method }) => method === 'GET')
  .map(({ path }) => new RegExp(`^${path.replaceAll(/\{\w+\}/g, '[^/]+')}$`));

/** An output in which every field is an id. */
const anything = new Proxy({}, { get: () => 'x' });

const locationOf = ({ location, path }: Operation): string =>
  location ? location(anything as never) : `${filled(path)}/x`;

const creating = [...operations].filter(([, { status }]) => status === 201);

describe('what an operation creates', () => {
  it.each(creating)('%s says where, and a GET is there', (_name, operation) => {
    const location = locationOf(operation);
    expect(
      readable.some((path) => path.test(location)),
      `No GET answers at ${location}: add one, or say with \`location\` where it is.`,
    ).toBe(true);
  });

  it('covers several operations', () => {
    expect(creating.length).toBeGreaterThan(5);
  });
});

/** Whether an answer has the version that If-Match takes. */
const hasVersion = ({ output }: Operation): boolean =>
  output !== null && 'shape' in output && typeof output.shape === 'object' && 'version' in (output.shape ?? {});

describe('what has a version', () => {
  const changing = [...operations].filter(([, one]) => one.method === 'PATCH' && hasVersion(one));

  it.each(changing)('is changed by %s only as it was read, where that is asked for', (_name, { versioned }) => {
    expect(versioned).toBe(true);
  });
});
