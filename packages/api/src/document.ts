import manifest from '../package.json' with { type: 'json' };
import { eventTypes } from '@tenon/core';
import { appRouter } from './app-router.ts';
import type { Json, ToldSettings } from './rest/json-schema.ts';
import { buildDocument } from './rest/openapi.ts';

const description = `
Tenon is a multi-tenant work platform. The same operations are served as tRPC under \`/trpc\`, where a procedure's path is its operationId.

**Organizations.** What belongs to an organization is read and written in the active one: that of the path, else of \`X-Organization-Id\`, else the session's, else the only one.

**Input is strict, output grows.** Unknown fields and parameters are refused. Answers may gain fields, and enums in them values: ignore what you do not know.

**Lists** answer \`data\` and \`nextCursor\`; pass the latter as \`cursor\` to read on, or follow \`Link\`. Repeat a parameter for any of several values.

**Changes** are sent with PATCH (application/json or application/merge-patch+json): what is absent stays, null clears. PUT is the same operation.

**Long work.** What changes more than 500 rows goes on after the answer: 202 with a job, and its \`Location\` to ask how far it is.

**Errors** are problems (RFC 9457): decide by \`code\`. [A page for each code](/problems) says its cause and what to do. Beside those listed, every path answers 404, 405, 414, 417 and 431 where HTTP asks for them.

**Examples** are answers of a server. They show one organization and its people, and one item of each list.

**Versions.** Nothing that works under \`/api/v1\` stops without notice: answers of an operation that will be removed have \`Deprecation\`, and \`Sunset\` with the day until which it works.
`.trim();

/**
 * The OpenAPI 3.1 document of the whole API. The examples are read here, because a server that never shows its document needs none.
 * @param settings those of the installation that the document tells. @default the least that an installation may set
 */
export async function openApiDocument(settings: ToldSettings = {}): Promise<Json> {
  const { default: examples } = await import('./rest/examples.json', { with: { type: 'json' } });
  const info = { title: 'Tenon', version: manifest.version, description };
  return buildDocument(appRouter, info, { events: [...eventTypes.values()], examples, settings });
}
