type Json = Record<string, unknown>;

const isRecord = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Follows names from an object inwards. */
const memberAt = (value: unknown, [name, ...rest]: readonly string[]): unknown =>
  name === undefined ? value : memberAt(isRecord(value) ? value[name] : undefined, rest);

const isOptionalParameter = (value: Json): boolean => typeof value['in'] === 'string' && value['required'] === false;

/** A parameter that Scalar leaves out until somebody gives it a value. */
function withoutValue({ examples: _, ...parameter }: Json): Json {
  const { schema } = parameter;
  // Scalar prefers this to everything in the schema, and shows it as an example unless the schema has a list of them.
  return { ...parameter, example: '', ...(isRecord(schema) && { schema: { examples: [], ...schema } }) };
}

/**
 * Scalar shows no links of tags, so the link becomes part of the description. The guides are on the server that shows the page, whatever
 * its address is.
 */
function withLink(tag: Json, { description, url }: Json): Json {
  const { pathname, hash } = new URL(String(url));
  return { ...tag, description: `${String(tag['description'])} [${String(description)}](${pathname}${hash})` };
}

/** Whether a value contains the id of something. In an example it is something that no server has. */
const refers = (value: unknown): boolean => /[\da-f]{8}-[\da-f]{4}-7[\da-f]{3}-/.test(JSON.stringify(value));

/** A body whose example names nothing that is not there, as far as its schema allows. */
function withoutReferences(body: unknown, document: unknown): unknown {
  if (!isRecord(body) || !isRecord(body['content'])) return body;
  const contents = Object.entries(body['content']).map(([type, media]): [string, unknown] => {
    const example = memberAt(media, ['example']);
    if (!isRecord(media) || !isRecord(example)) return [type, media];
    const name = String(memberAt(media, ['schema', '$ref'])).replace('#/components/schemas/', '');
    const schema = memberAt(document, ['components', 'schemas', name]) ?? media['schema'];
    const required = memberAt(schema, ['required']);
    const kept = Object.entries(example).filter(
      ([member, value]) => !refers(value) || (Array.isArray(required) && required.includes(member)),
    );
    return [type, kept.length > 0 ? { ...media, example: Object.fromEntries(kept) } : media];
  });
  return { ...body, content: Object.fromEntries(contents) };
}

/**
 * The OpenAPI document as the page /docs needs it, as JSON. Scalar sends every optional parameter that has a default, an enum or an
 * example: its first request would be a dry run, or a list filtered to nothing. And it sends the example of a body as it is.
 */
export const consoleDocument = (document: unknown): string =>
  JSON.stringify(document, (key, value: unknown) => {
    if (key === 'requestBody') return withoutReferences(value, document);
    if (!isRecord(value)) return value;
    if (isOptionalParameter(value)) return withoutValue(value);
    return 'name' in value && isRecord(value['externalDocs']) ? withLink(value, value['externalDocs']) : value;
  });
