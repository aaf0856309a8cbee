import manifest from '../package.json' with { type: 'json' };
import { eventTypes } from '@tenon/core';
import { appRouter } from './app-router.ts';
import type { Json } from './rest/json-schema.ts';
import { buildDocument } from './rest/openapi.ts';

const description = `
Tenon is a multi-tenant work platform. The same operations are served as tRPC under \`/trpc\`, where a procedure's path is its operationId.

**Organizations.** What belongs to an organization is read and written in the active one: that of the path, else of \`X-Organization-Id\`, else the session's, else the only one.

**Input is strict, output grows.** Unknown fields and parameters are refused. Answers may gain fields, and enums in them values: ignore what you do not know.

**Lists** answer \`data\` and \`nextCursor\`; pass the latter as \`cursor\` to read on, or follow \`Link\`. Repeat a parameter for any of several values.

**Changes** are sent with PATCH (application/json or application/merge-patch+json): what is absent stays, null clears. PUT is the same operation.

**Long work.** What changes more than 500 rows goes on after the answer: 202 with a job, and its \`Location\` to ask how far it is.

**Errors** are problems (RFC 9457): decide by \`code\`. Beside those listed, every path answers 404, 405, 414, 417 and 431 where HTTP asks for them.

**Versions.** Nothing that works under \`/api/v1\` stops without notice: answers of an operation that will be removed have \`Deprecation\`, and \`Sunset\` with the day until which it works.
`.trim();

/** The OpenAPI 3.1 document of the whole API. */
export function openApiDocument(): Json {
  return buildDocument(appRouter, { title: 'Tenon', version: manifest.version, description }, [...eventTypes.values()]);
}
