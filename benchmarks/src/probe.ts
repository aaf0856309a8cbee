import assert from 'node:assert/strict';
import type { Target } from './measure.ts';
import type { Operation, Surface } from './options.ts';
import { type BenchRequest, builders, bulkSize, expectedStatus, inputOf } from './requests.ts';
import type { Rows } from './rows.ts';
import type { Organization } from './scene.ts';
import { taskFields } from './task-fields.ts';

type Json = Record<string, unknown>;

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const members = (value: unknown): Json[] => (Array.isArray(value) ? value.filter(isObject) : []);

function member(value: Json, name: string): Json {
  const found = value[name];
  assert.ok(isObject(found), `${name} is not an object`);
  return found;
}

async function answerOf(url: string, request: BenchRequest, surface: Surface, operation: Operation): Promise<Json> {
  const { path, method, headers, body } = request;
  const response = await fetch(url + path, { method, headers, ...(body === undefined ? {} : { body }) });
  const text = await response.text();
  assert.equal(response.status, expectedStatus(surface, operation), `${method} ${path} answered ${text}`);
  const answer: unknown = JSON.parse(text);
  assert.ok(isObject(answer));
  return surface === 'trpc' ? member(member(answer, 'result'), 'data') : answer;
}

function assertTask(task: Json): void {
  assert.deepEqual(Object.keys(task).sort(), taskFields.map(({ name }) => name).sort());
  assert.ok(members(task['assignees']).length > 0 && members(task['tags']).length === 2, 'a task lacks its links');
  for (const person of [...members(task['assignees']), task['createdBy'], task['updatedBy']])
    assert.ok(isObject(person) && typeof person['fullName'] === 'string', 'a person has no name');
}

function assertPage(operation: Operation, page: Json, input: Json): void {
  const tasks = members(page['data']);
  assert.ok(operation === 'search' ? tasks.length > 0 : tasks.length === 50);
  for (const task of tasks) assertTask(task);
  if (operation === 'search') return;
  assert.equal(typeof page['nextCursor'], 'string');
  assert.ok(tasks.every((task) => task['status'] === input['status']));
  const order = tasks.map((task) => String(task[operation === 'board' ? 'position' : 'createdAt']));
  assert.deepEqual(order, operation === 'board' ? order.toSorted() : order.toSorted().reverse());
}

/** Asserts that an answer is whole. */
function assertAnswer(operation: Operation, answer: Json, input: Json): void {
  if (operation === 'list' || operation === 'search' || operation === 'board') assertPage(operation, answer, input);
  else if (operation === 'activity') assert.equal(members(answer['data']).length, 50);
  else if (operation === 'analytics') assert.ok(Number(answer['total']) > 0);
  else if (operation === 'bulk') {
    assert.equal(answer['succeeded'], bulkSize);
    for (const row of members(answer['data'])) assertTask(member(row, 'task'));
  } else assertTask(answer);
}

/** The part of an answer that must be equal on all servers, at any time and after any number of requests. */
function comparable(operation: Operation, answer: Json): unknown {
  if (operation === 'get' || operation === 'analytics') return answer;
  if (operation === 'bulk') return members(answer['data']).map((row) => comparable('patch', member(row, 'task')));
  if (operation !== 'create' && operation !== 'patch') return answer['data'];
  const {
    id: _id,
    number: _number,
    createdAt: _created,
    updatedAt: _updated,
    completedAt: _completed,
    version: _version,
    ...rest
  } = answer;
  return rest;
}

/** Counts the events over another connection, which sees only what is committed. */
async function committedEvents(rows: Rows): Promise<number> {
  const [row] = await rows.all<{ count: number | string }>('select count(*) as count from events');
  return Number(row?.count);
}

/**
 * Sends the same requests to every surface, and fails unless the answers are complete and equal, and unless a task is
 * committed when its creation is answered. Only servers that do the same work can be compared.
 */
export async function assertSameWork(
  targets: Readonly<Record<Surface, Target>>,
  surfaces: readonly Surface[],
  operations: readonly Operation[],
  organizations: readonly Organization[],
): Promise<void> {
  for (const [turn, organization] of organizations.slice(0, 3).entries()) {
    const [person] = organization.people;
    if (!person) throw new Error('An organization has nobody who may write.');
    for (const operation of operations) {
      const input = inputOf(operation, organization, turn);
      if (operation === 'patch') input['status'] = 'in_review';
      const answers: unknown[] = [];
      for (const surface of surfaces) {
        const { url, rows } = targets[surface];
        const before = await committedEvents(rows);
        const answer = await answerOf(url, builders[surface][operation](person, input), surface, operation);
        if (operation === 'create')
          assert.equal(await committedEvents(rows), before + 1, `${surface} answered before its commit`);
        assertAnswer(operation, answer, input);
        if (operation === 'patch') assert.equal(answer['status'], input['status']);
        answers.push(comparable(operation, answer));
      }
      for (const answer of answers.slice(1)) assert.deepEqual(answer, answers[0]);
    }
  }
}
