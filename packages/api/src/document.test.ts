import { expect, test } from 'vitest';
import { openApiDocument } from './document.ts';
import { isJson, type Json } from './rest/json-schema.ts';

const parsed = (value: unknown) => JSON.parse(JSON.stringify(value));

const document = parsed(await openApiDocument());

/** Calls a function with every object in a JSON value, and where it is. */
function walk(value: unknown, visit: (object: Json, at: string) => void, at = ''): void {
  if (Array.isArray(value)) value.forEach((item, index) => walk(item, visit, `${at}/${index}`));
  if (!isJson(value)) return;
  visit(value, at);
  for (const [name, member] of Object.entries(value)) walk(member, visit, `${at}/${name}`);
}

/** Whether something has a description of its own, or one of its alternatives has. */
const isDescribed = (value: unknown): boolean => {
  if (!isJson(value)) return false;
  const { description, anyOf, oneOf } = value;
  if (typeof description === 'string' && description !== '') return true;
  return [anyOf, oneOf].some((all) => Array.isArray(all) && all.some(isDescribed));
};

test('every operation, parameter, header and property says what it is', () => {
  const silent: string[] = [];
  walk(document, (object, at) => {
    const { properties } = object;
    // In the problems of a response, a member of allOf narrows what another member describes.
    if (object['type'] === 'object' && isJson(properties) && !/^\/components\/responses\/.*\/allOf\/\d+$/.test(at))
      for (const [name, property] of Object.entries(properties))
        if (!isDescribed(property)) silent.push(`${at} ${name}`);
    const says = 'operationId' in object || ('in' in object && 'name' in object && 'schema' in object);
    if (says && !isDescribed(object)) silent.push(at);
  });
  expect(silent).toEqual([]);
});

test('no description repeats what a default says', () => {
  const wrong: string[] = [];
  walk(document, ({ description }, at) => {
    if (typeof description === 'string' && description.includes('@default')) wrong.push(at);
  });
  expect(wrong).toEqual([]);
});

test('the document has a budget of 960 kB, so that it does not grow unseen', () => {
  expect(Buffer.byteLength(JSON.stringify(document))).toBeLessThan(960_000);
});

test('an event is what every event has and what its type says, and types share the schemas of entities and changes', () => {
  const { EventBase, TaskCreatedEvent, TaskUpdatedEvent, TaskPurgedEvent } = document.components.schemas;
  const fieldsOf = ({ properties }: { properties: object }) => Object.keys(properties);
  expect([...fieldsOf(EventBase), 'type', 'entity', 'changes', 'data'].toSorted()).toEqual(
    fieldsOf(document.components.schemas.SentEvent).toSorted(),
  );
  for (const { allOf } of [TaskCreatedEvent, TaskUpdatedEvent, TaskPurgedEvent]) {
    expect(allOf[0]).toEqual({ $ref: '#/components/schemas/EventBase' });
    expect(fieldsOf(allOf[1])).toEqual(['type', 'entity', 'changes', 'data']);
  }
  for (const { allOf } of [TaskCreatedEvent, TaskUpdatedEvent])
    expect(allOf[1].properties).toMatchObject({
      entity: { $ref: '#/components/schemas/TaskEntityName' },
      changes: { $ref: '#/components/schemas/TaskChanges' },
    });
});

test('a password is as long as the installation wants it', async () => {
  const lengthOf = ({ components }: typeof document) => components.schemas.Register.properties.password.minLength;
  expect(lengthOf(document)).toBe(8);
  expect(lengthOf(parsed(await openApiDocument({ passwordMinLength: 12 })))).toBe(12);
  expect(JSON.stringify(document)).not.toContain('passwordMinLength');
});

test('an input of which one part is given is one closed object for each part', () => {
  const { Login, SecondFactorVerify, TaskBulkUpdate } = document.components.schemas;
  const requiredOf = ({ oneOf }: { oneOf: { required: string[] }[] }) => oneOf.map(({ required }) => required);
  expect(requiredOf(Login)).toEqual([
    ['login', 'password'],
    ['email', 'password'],
    ['username', 'password'],
  ]);
  expect(requiredOf(SecondFactorVerify)).toEqual([
    ['code', 'challengeToken'],
    ['recoveryCode', 'challengeToken'],
    ['passkey', 'challengeToken'],
  ]);
  expect(requiredOf(TaskBulkUpdate)).toEqual([['ids', 'changes'], ['items']]);
  const [byLogin] = Login.oneOf;
  expect(byLogin).toMatchObject({ type: 'object', additionalProperties: false });
  expect(Object.keys(byLogin.properties)).toEqual(['login', 'password', 'deviceId', 'tokenTransport']);
});
