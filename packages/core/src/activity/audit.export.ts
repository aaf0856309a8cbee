import { Readable } from 'node:stream';
import { authorize } from '../access/index.ts';
import type { ServiceContext } from '../database/context.ts';
import { attachmentDisposition, type GeneratedDownload } from '../files/index.ts';
import { canonicalJson } from '../kernel/canonical-json.ts';
import { headOf, trailOf, withholds } from './audit.rows.ts';
import type { AuditExportInput, AuditRow } from './audit.schema.ts';

async function* linesOf(rows: AsyncIterable<AuditRow>): AsyncGenerator<string> {
  for await (const row of rows) yield `${JSON.stringify(row)}\n`;
}

/** The columns of CSV, with what a row has in them. */
const columns: Readonly<Record<string, (row: AuditRow) => string | number | null>> = {
  sequence: (row) => row.sequence,
  id: (row) => row.id,
  organizationId: (row) => row.organizationId,
  type: (row) => row.type,
  at: (row) => row.at,
  actorId: (row) => row.actorId,
  apiKeyId: (row) => row.apiKeyId,
  entityType: (row) => row.entity.type,
  entityId: (row) => row.entity.id,
  parentType: (row) => row.parent?.type ?? null,
  parentId: (row) => row.parent?.id ?? null,
  // A client may have chosen it, and a spreadsheet must not take it for a formula.
  requestId: (row) => row.requestId.replace(/^[=+\-@]/, "'$&"),
  salt: (row) => row.salt,
  payload: (row) => row.payload && canonicalJson(row.payload),
  payloadHash: (row) => row.payloadHash,
  previousHash: (row) => row.previousHash,
  hash: (row) => row.hash,
};

/** Quotes a value where it must be (RFC 4180). */
function cellOf(value: string | number | null): string {
  const text = String(value ?? '');
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

async function* csvOf(rows: AsyncIterable<AuditRow>): AsyncGenerator<string> {
  yield `${Object.keys(columns).join()}\r\n`;
  for await (const row of rows)
    yield `${Object.values(columns)
      .map((valueOf) => cellOf(valueOf(row)))
      .join()}\r\n`;
}

const formats = {
  jsonl: { mediaType: 'application/jsonl; charset=utf-8', write: linesOf },
  csv: { mediaType: 'text/csv; charset=utf-8', write: csvOf },
};

/** Exports the audit trail, or a part of it, in its order. It is read while it is sent, up to the end that it has now. */
export async function exportAudit(
  ctx: ServiceContext,
  { format, fromSequence: from = 1, toSequence = Infinity }: AuditExportInput,
): Promise<GeneratedDownload> {
  authorize(ctx, 'audit:export');
  const { organizationId } = ctx.principal;
  const to = Math.min(toSequence, (await headOf(ctx, organizationId)).sequence);
  const { mediaType, write } = formats[format];
  return {
    mediaType,
    disposition: attachmentDisposition(`audit-${from}-${to}.${format}`),
    read: () => Readable.from(write(trailOf(ctx, organizationId, { from, to }, withholds(ctx.principal)))),
  };
}
