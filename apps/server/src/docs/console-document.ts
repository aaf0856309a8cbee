type Json = Record<string, unknown>;

const isRecord = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isOptionalParameter = (value: Json): boolean => typeof value['in'] === 'string' && value['required'] === false;

/** A parameter that Scalar leaves out until somebody gives it a value. */
function withoutValue({ examples: _, ...parameter }: Json): Json {
  const { schema } = parameter;
  // Scalar prefers this to everything in the schema, and shows it as an example unless the schema has a list of them.
  return { ...parameter, example: '', ...(isRecord(schema) && { schema: { examples: [], ...schema } }) };
}

/** Scalar shows no links of tags, so the link becomes part of the description. */
function withLink(tag: Json, { description, url }: Json): Json {
  return { ...tag, description: `${String(tag['description'])} [${String(description)}](${String(url)})` };
}

/**
 * The OpenAPI document as the page /docs needs it, as JSON. Scalar sends every optional parameter that has a default, an enum or an
 * example: its first request would be a dry run, or a list filtered to nothing.
 */
export const consoleDocument = (document: unknown): string =>
  JSON.stringify(document, (_key, value: unknown) => {
    if (!isRecord(value)) return value;
    if (isOptionalParameter(value)) return withoutValue(value);
    return 'name' in value && isRecord(value['externalDocs']) ? withLink(value, value['externalDocs']) : value;
  });
