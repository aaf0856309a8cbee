import { isJson, type Json } from '../../rest/json-schema.ts';
import { alternatives, itemsOf } from './fields.ts';

/** A value that a field must refuse, and why. */
export type WrongValue = readonly [why: string, value: unknown];

const nest = (depth: number): unknown => (depth === 0 ? 1 : [nest(depth - 1)]);

/** Text that no field of any type takes, because databases cannot store it. */
const unstorable: readonly WrongValue[] = [
  ['NUL', 'a\u0000b'],
  ['a lone surrogate', 'a\ud800b'],
];

/** Text that shows nothing. */
const blank = ['\u200b', '\u3164', '\u2800', '\u00ad\u2060', '\u200d\ufe0f', ' \u034f\u{e0020}\u115f '];

/** Characters that change the order in which the text around them is shown. */
const reordering = ['\u202a', '\u202e', '\u2066', '\u2069', '\u206a', '\ufff9'];

const nameOf = (text: string): string =>
  JSON.stringify(text).replaceAll(/[^ -~]/gu, (one) => `U+${one.codePointAt(0)?.toString(16)}`);

/**
 * The writing that a field must refuse: where a space is blank, all that shows nothing is blank, and one line keeps its order.
 * @param takes whether the schema of the field takes a value
 */
export function wrongWritingOf(takes: (value: unknown) => boolean): WrongValue[] {
  if (!takes('a b')) return [];
  const nothing = takes(' ') ? [] : blank.map((text): WrongValue => [`blank ${nameOf(text)}`, text]);
  const order = takes('a\nb') ? [] : reordering.map((sign): WrongValue => [`order ${nameOf(sign)}`, `a${sign}b`]);
  return [...nothing, ...order];
}

const typeOf = (value: unknown): string => {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  return typeof value;
};

/** One meaningless value of each JSON type. */
const ofEachType = ['no such thing', 12.5, true, null, { no: 'such thing' }, [['no such thing']]];

function wrongText({ format, maxLength, minLength, enum: choices }: Json): WrongValue[] {
  return [
    ...(format === 'uuid' ? ([['no id', '0190a0a0-0000-7000-8000-00000000000g']] as const) : []),
    ...(format === 'date-time' ? ([['no instant', '2026-02-30T09:00:00Z']] as const) : []),
    ...(format === 'email' ? ([['no address', 'somebody@']] as const) : []),
    ...(Array.isArray(choices) ? ([['no choice', 'no-such-choice']] as const) : []),
    ...(typeof maxLength === 'number' ? ([['too long', 'x'.repeat(maxLength + 1)]] as const) : []),
    ...(typeof minLength === 'number' && minLength > 0 ? ([['empty', '']] as const) : []),
  ];
}

function wrongNumbers({ type, maximum, minimum }: Json): WrongValue[] {
  return [
    ...(typeof maximum === 'number'
      ? ([
          ['huge', 1e308],
          ['too large', maximum + 1],
        ] as const)
      : []),
    ...(typeof minimum === 'number'
      ? ([
          ['hugely negative', -1e308],
          ['too small', minimum - 1],
        ] as const)
      : []),
    ['beyond the doubles', Infinity],
    ['a fraction that no column keeps', 1e-9],
    ...(type === 'integer' ? ([['no integer', 1.5]] as const) : []),
  ];
}

function wrongLists(schema: Json): WrongValue[] {
  const inner = wrongValuesOf(itemsOf(schema)).map(([why, value]): WrongValue => [`an item: ${why}`, [value]]);
  const { maxItems, minItems } = schema;
  return [
    ...inner,
    ...(typeof maxItems === 'number' ? ([['too many', Array.from({ length: maxItems + 1 }, () => 'x')]] as const) : []),
    ...(typeof minItems === 'number' && minItems > 0 ? ([['none', []]] as const) : []),
  ];
}

const isNumber = ({ type }: Json): boolean => type === 'number' || type === 'integer';

/** Values that a field with this schema must refuse. */
export function wrongValuesOf(schema: Json): WrongValue[] {
  const allowed = alternatives(schema);
  const types = new Set(
    allowed.flatMap(({ type, enum: choices, const: only }) => {
      if (typeof type === 'string') return [type === 'integer' ? 'number' : type];
      if (Array.isArray(choices)) return choices.map(typeOf);
      return only === undefined ? ['anything'] : [typeOf(only)];
    }),
  );
  const wrong: WrongValue[] = [...unstorable, ['nested too deep', nest(40)]];
  for (const value of ofEachType)
    if (!types.has('anything') && !types.has(typeOf(value))) wrong.push([`of type ${typeOf(value)}`, value]);
  if (types.has('object') && allowed.some(({ additionalProperties }) => isJson(additionalProperties)))
    wrong.push(
      ['a member with NUL', { member: 'a\u0000b' }],
      ['a member beyond the doubles', { member: [Infinity] }],
      ['a name that pollutes', { constructor: 1 }],
    );
  const [only, ...others] = allowed.filter(({ type }) => type !== 'null');
  // In a union, another member may accept what one refuses.
  if (!only || others.length > 0) return wrong;
  if (only['type'] === 'string') wrong.push(...wrongText(only));
  if (isNumber(only)) wrong.push(...wrongNumbers(only));
  if (only['type'] === 'array') wrong.push(...wrongLists(only));
  return wrong;
}
