import { z } from 'zod';

type Kind = 'number' | 'boolean' | 'array' | 'other';

/** How to turn the texts of one parameter into a value. Follows from the parameter's schema. */
export interface Coercion {
  kind: Kind;
  element: Kind;
}

/** Whether a schema only says that a value may be absent or null, beside the schema in it. */
export const isWrapper = (
  schema: z.core.$ZodType,
): schema is z.ZodOptional | z.ZodNullable | z.ZodDefault | z.ZodPrefault =>
  schema instanceof z.ZodOptional ||
  schema instanceof z.ZodNullable ||
  schema instanceof z.ZodDefault ||
  schema instanceof z.ZodPrefault ||
  schema instanceof z.ZodNonOptional ||
  schema instanceof z.ZodReadonly;

/** The schema inside all wrappers. It is the first to see the value that the client sent. */
function innermost(schema: z.core.$ZodType): z.core.$ZodType {
  if (isWrapper(schema)) return innermost(schema.def.innerType);
  if (schema instanceof z.ZodPipe) return innermost(schema.def.in);
  return schema;
}

function kindOf(schema: z.core.$ZodType): Kind {
  const inner = innermost(schema);
  if (inner instanceof z.ZodNumber) return 'number';
  if (inner instanceof z.ZodBoolean) return 'boolean';
  if (inner instanceof z.ZodArray) return 'array';
  return 'other';
}

/** Finds out how to read a field of this schema from text. */
export function coercionOf(schema: z.core.$ZodType): Coercion {
  const inner = innermost(schema);
  return { kind: kindOf(inner), element: inner instanceof z.ZodArray ? kindOf(inner.element) : 'other' };
}

const jsonNumber = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

/** Converts only exact numbers, `true` and `false`. Other text stays text: a schema that wants a number or a boolean refuses it. */
function coerceText(kind: Kind, text: string): unknown {
  if (kind === 'number' && jsonNumber.test(text)) return Number(text);
  if (kind === 'boolean' && text === 'true') return true;
  if (kind === 'boolean' && text === 'false') return false;
  return text;
}

/** The value of a parameter that was sent once or several times. A scalar sent twice stays an array, which its schema refuses. */
export function coerce({ kind, element }: Coercion, texts: readonly string[]): unknown {
  if (kind === 'array') return texts.map((text) => coerceText(element, text));
  const [text = ''] = texts;
  return texts.length > 1 ? texts : coerceText(kind, text);
}

const decode = (text: string): string | null => {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return null;
  }
};

/** The pairs in an `application/x-www-form-urlencoded` text. */
export interface FormText {
  /** Every name with its values, in the order of the text. */
  values: Map<string, string[]>;
  /** The names in pairs that are not percent-encoded UTF-8. A name that cannot be decoded stays as it was sent. */
  undecodable: string[];
}

/** Splits the query of a URL. */
export function parseQuery(url: string): FormText {
  const start = url.indexOf('?');
  return parseForm(start === -1 ? '' : url.slice(start + 1));
}

/** Splits `application/x-www-form-urlencoded` text. URLSearchParams would silently replace invalid UTF-8 by U+FFFD. */
export function parseForm(text: string): FormText {
  const values = new Map<string, string[]>();
  const undecodable: string[] = [];
  for (const part of text.split('&')) {
    if (part === '') continue;
    const at = part.indexOf('=');
    const [rawName, rawValue] = at === -1 ? [part, ''] : [part.slice(0, at), part.slice(at + 1)];
    const name = decode(rawName);
    const value = decode(rawValue);
    if (name === null || value === null) undecodable.push(name ?? rawName);
    else values.set(name, [...(values.get(name) ?? []), value]);
  }
  return { values, undecodable };
}
