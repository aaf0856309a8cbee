import { z } from 'zod';
import type { Changes } from '../kernel/changes.ts';
import type { Person } from '../kernel/schemas.ts';
import { pascalCased } from '../kernel/text.ts';
import { EventBase } from './sent-event.ts';

type Shape = Readonly<Record<string, z.ZodType>>;

/** What a summary is made of. `actor` is the name of the person, or of the system. */
interface SummaryParts<Data extends Shape, Fields extends Shape> {
  actor: string;
  data: z.output<z.ZodObject<Data>>;
  changes: ChangesOf<Fields>;
}

type ChangesOf<Fields extends Shape> = { [Field in keyof Fields]?: { from: unknown; to: unknown } };

/** How a context declares an event. */
interface EventDeclaration<Data extends Shape, Fields extends Shape> {
  /** The fields whose changes it tells, with the schema of their values. */
  changes?: Fields;
  data?: Data;
  /** What it is about. @default the first part of its type */
  entityType?: string;
  /** One line in plain words: `Ada added Grace to the team Engines`. */
  summary(event: SummaryParts<Data, Fields>): string;
}

interface EntityName {
  type: string;
  id: string;
}

interface EventPayload<Data extends Shape, Fields extends Shape> {
  data: z.input<z.ZodObject<Data>>;
  changes?: ChangesOf<Fields>;
  /** Where the event shows too: a comment's in the activity of its task. */
  parent?: EntityName;
  /** @default the organization of the unit */
  organizationId?: string | null;
  /** @default the principal's user; null is the system */
  actorId?: string | null;
}

/** Where events are recorded: in the organization of the unit, or in the instance's own stream. */
type EventStream = 'organization' | 'instance';

type EventFields = Omit<EventPayload<Shape, Shape>, 'changes' | 'data'> & {
  changes: Changes;
  data: Readonly<Record<string, unknown>>;
};

/** An event that is about to be recorded. Only event types of the catalogue make one. */
export class NewEvent {
  readonly type: string;
  readonly entity: EntityName;
  /** A protected member keeps an object that merely looks like an event from being one. */
  protected readonly isDeclared = true;
  readonly fields: EventFields;

  constructor(type: string, entity: EntityName, fields: EventFields) {
    this.type = type;
    this.entity = entity;
    this.fields = fields;
  }
}

/** Removes what makes a field optional in an input: in a change it is always there, or null. */
function valueOf(field: z.ZodType): z.ZodType {
  let schema: z.core.SomeType = field;
  while (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault) schema = schema.unwrap();
  return schema instanceof z.ZodNullable ? schema : z.nullable(schema);
}

/** One type of event in the catalogue. */
export class EventType<Data extends Shape = Shape, Fields extends Shape = Shape> {
  /** `entity.past_tense`, as `task.created`. */
  readonly type: string;
  readonly entityType: string;
  readonly data: z.ZodObject<Data>;
  /** The fields whose changes it tells: each is `{ from, to }`. */
  readonly changes: z.ZodObject;
  readonly #declaration: EventDeclaration<Data, Fields>;
  readonly #stream: EventStream;
  readonly #changesName: string | null;

  /** @param changesName what the document calls the schema of the changes. Null: it has no name. */
  constructor(
    type: string,
    declaration: EventDeclaration<Data, Fields>,
    stream: EventStream,
    changesName: string | null,
  ) {
    this.type = type;
    this.entityType = declaration.entityType ?? type.slice(0, type.indexOf('.'));
    this.data = z.object(declaration.data ?? ({} as Data));
    this.changes = z.object(
      Object.fromEntries(
        Object.entries(declaration.changes ?? {}).map(([field, schema]) => {
          const value = valueOf(schema);
          return [field, z.object({ from: value, to: value }).optional()];
        }),
      ),
    );
    this.#declaration = declaration;
    this.#stream = stream;
    this.#changesName = changesName;
  }

  /** Whether it happens in an organization, and not outside of any. */
  get isOfOrganization(): boolean {
    return this.#stream === 'organization';
  }

  /** Makes an event about an entity. `recordEvents` writes it. */
  about(id: string, { changes = {}, ...payload }: EventPayload<Data, Fields>): NewEvent {
    const stream = this.#stream === 'instance' ? { organizationId: null } : {};
    const fields = { ...payload, ...stream, changes: changes as Changes };
    return new NewEvent(this.type, { type: this.entityType, id }, fields);
  }

  /** The event as it is sent to others: what every event has, and what this type says. */
  get schema(): z.ZodType {
    const { entityType, data } = this;
    const entity = z
      .object({ type: z.literal(entityType).describe('The kind of entity.'), id: z.uuid() })
      .meta({ id: `${pascalCased(entityType)}EntityName` });
    const fields = Object.entries<z.ZodType>(this.changes.shape);
    const described = z.object(
      Object.fromEntries(fields.map(([name, field]) => [name, field.describe('Present when this field changed.')])),
    );
    const changes = this.#changesName === null ? described : described.meta({ id: this.#changesName });
    const own = z.object({
      type: z.literal(this.type).describe('The type of the event.'),
      entity: entity.describe('What it happened to.'),
      changes: changes.describe('What changed, by field.'),
      data: data.describe('More facts about it.'),
    });
    return z.intersection(EventBase, own).meta({ id: `${pascalCased(this.type)}Event` });
  }

  summary(event: SummaryParts<Data, Fields>): string {
    return this.#declaration.summary(event);
  }
}

/** Declares one event. */
export const event = <const Data extends Shape = {}, const Fields extends Shape = {}>(
  declaration: EventDeclaration<Data, Fields>,
): EventDeclaration<Data, Fields> => declaration;

/**
 * Declares the events that the verbs of a record make. Each carries the version; `name` or `title` in `data` is what the
 * summaries call the entity.
 * @param noun as in `the team`
 * @param changes the fields whose changes are told: the fields of the input
 */
export function lifecycle<const Fields extends Shape, const Data extends Shape = {}>(
  noun: string,
  changes: Fields,
  data: Data = {} as Data,
) {
  const withVersion = { ...data, version: z.int() };
  const called = (told: Readonly<Record<string, unknown>>) =>
    [noun, told['name'] ?? told['title']].filter(Boolean).join(' ');
  return {
    created: event({ changes, data: withVersion, summary: (e) => `${e.actor} created ${called(e.data)}` }),
    updated: event({
      changes,
      data: withVersion,
      summary: (e) => `${e.actor} changed ${Object.keys(e.changes).join(', ')} of ${called(e.data)}`,
    }),
    deleted: event({ data: withVersion, summary: (e) => `${e.actor} deleted ${called(e.data)}` }),
  };
}

/**
 * Declares the event of the purge of an entity from the trash.
 * @param noun with its article, as the subject of the summary: `A task`
 */
export const purged = (noun: string) =>
  event({
    data: { version: z.int() },
    summary: () => `${noun} was deleted for ever, 30 days after it was moved to the trash`,
  });

type EventTypes<Declarations> = {
  readonly [Name in keyof Declarations]: Declarations[Name] extends EventDeclaration<infer Data, infer Fields>
    ? EventType<Data, Fields>
    : never;
};

/**
 * Declares the events about one kind of entity.
 * @param stream `instance` for what happens to a user outside of any organization
 *
 * @example
 * export const teamEvents = defineEvents('team', {
 *   member_added: event({ data: { userId: z.uuid() }, summary: ({ actor }) => `${actor} added a member to a team` }),
 * });
 * await recordEvents(unit, teamEvents.member_added.about(teamId, { data: { userId } }));
 */
export function defineEvents<Declarations extends Readonly<Record<string, object>>>(
  entity: string,
  declarations: Declarations,
  stream: EventStream = 'organization',
): EventTypes<Declarations> {
  const declared = Object.entries(declarations) as [string, EventDeclaration<Shape, Shape>][];
  // The changes that `updated` tells have a name, because `created` tells the same ones.
  const usual = declared.find(([name]) => name === 'updated')?.[1].changes;
  const types = declared.map(([name, declaration]) => {
    const isUsual = usual !== undefined && declaration.changes === usual;
    const changesName = isUsual ? `${pascalCased(entity)}Changes` : null;
    return [name, new EventType(`${entity}.${name}`, declaration, stream, changesName)];
  });
  return Object.fromEntries(types) as EventTypes<Declarations>;
}

/** Every type of event, by its name. */
const catalogue = new Map<string, EventType>();

/** Registers the events of all contexts, so that the activity can tell them. Returns them by name, in the order of their names. */
export function registerEvents(contexts: readonly object[]): ReadonlyMap<string, EventType> {
  const types = contexts.flatMap((events) => Object.values<EventType>({ ...events }));
  for (const type of types.sort((a, b) => (a.type < b.type ? -1 : 1))) catalogue.set(type.type, type);
  return catalogue;
}

/** The types that some patterns name: `task.created`, or `task.*` for all that begin so. Null is all of them. */
export function typesNamed(patterns: readonly string[]): readonly string[] | null {
  if (patterns.includes('*')) return null;
  const named = patterns.flatMap((pattern) => {
    if (!pattern.endsWith('.*')) return [pattern];
    return [...catalogue.keys()].filter((type) => type.startsWith(pattern.slice(0, -1)));
  });
  return [...new Set(named)];
}

const nameOf = (actor: Person | null): string =>
  actor === null ? 'The system' : (actor.fullName ?? actor.username ?? 'Somebody');

/** Whether a pattern names a type of event that happens in organizations: `task.created`, `task.*`, or `*` for all. */
export const namesTypes = (pattern: string): boolean =>
  (typesNamed([pattern]) ?? [...catalogue.keys()]).some((type) => catalogue.get(type)?.isOfOrganization);

/** A regular expression of what `namesTypes`, for the document. */
export function patternOfTypes(): string {
  const types = [...catalogue.values()].filter(({ isOfOrganization }) => isOfOrganization);
  const names = Map.groupBy(
    types.map(({ type }) => type.split('.')),
    ([entity]) => entity,
  );
  const each = Array.from(names, ([entity, all]) => `${entity}\\.(\\*|${all.map(([, verb]) => verb).join('|')})`);
  return `^(\\*|${each.join('|')})$`;
}

/** Tells an event in one line. Null when its payload was erased, or is not what the catalogue says now. */
export function summaryOf(
  type: string,
  actor: Person | null,
  payload: { changes: Changes; data: Record<string, unknown> } | null,
): string | null {
  const known = catalogue.get(type);
  const data = payload && known?.data.safeParse(payload.data).data;
  return known && payload && data ? known.summary({ actor: nameOf(actor), data, changes: payload.changes }) : null;
}
