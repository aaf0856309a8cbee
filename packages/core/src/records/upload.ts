import type { ServiceContext } from '../database/context.ts';
import { mutate, type Unit } from '../database/unit-of-work.ts';
import { type IncomingFile, type ReceivedFile, receiveFile } from '../files/index.ts';
import { DomainError } from '../kernel/errors.ts';

interface UploadOptions {
  /** The key of the file in the store. */
  key: string;
  maxBytes: number;
  /** Throws when files of this type are not accepted. @default accepts all types */
  checkType?: (mediaType: string) => void;
}

/** Adds the content of the file to the input that an Idempotency-Key is compared with. */
function withFile(ctx: ServiceContext, { sha256, fileName, mediaType }: ReceivedFile): ServiceContext {
  if (!ctx.mutation) return ctx;
  return { ...ctx, mutation: { ...ctx.mutation, input: [ctx.mutation.input, sha256, fileName, mediaType] } };
}

/** Whether it is certain that nothing was committed. When a connection is lost it is not, and the sweep checks later. */
const isRefusal = (thrown: unknown): boolean => thrown instanceof DomainError && thrown.kind !== 'unavailable';

/**
 * Streams a file into the store, then runs the mutation that writes its row. When either fails, neither the file nor the row stays. A dry
 * run reads the file and stores nothing. Do all possible checks before, because the file may be large.
 * @throws `payload_too_large`, `media_type_refused`, and what `mutate` throws
 */
export async function mutateWithFile<T>(
  ctx: ServiceContext,
  incoming: IncomingFile,
  { key, ...limits }: UploadOptions,
  work: (unit: Unit, file: ReceivedFile) => Promise<T>,
): Promise<T> {
  const store = ctx.mutation?.dryRun ? null : ctx.files;
  const file = await receiveFile(incoming, { store, key, ...limits });
  try {
    const result = await mutate(withFile(ctx, file), (unit) => work(unit, file));
    if (ctx.outcome.replayed) await store?.delete(key);
    return result;
  } catch (thrown) {
    if (isRefusal(thrown)) await store?.delete(key);
    throw thrown;
  }
}
