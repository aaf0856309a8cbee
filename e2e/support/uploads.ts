import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createTenon } from '../../packages/sdk/src/index.ts';

const megabyte = 1024 * 1024;

/** A file of so many megabytes that is made while it is sent. No two megabytes of it are equal. */
function file(megabytes: number, seed: number) {
  const hash = createHash('sha256');
  async function* content() {
    const block = Buffer.alloc(megabyte, `crate ${seed} `);
    for (let count = 0; count < megabytes; count++) {
      block.writeUInt32BE(count);
      hash.update(block);
      yield new Uint8Array(block);
    }
  }
  return { content: content(), sha256: () => hash.digest('hex') };
}

/** The most memory that a process has had so far, in MB. Linux only. */
export function peakMemory(pid: number | undefined): number {
  const [, peak] = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(peak) / 1024;
}

export interface Uploads {
  /** How many at the same time. */
  count: number;
  megabytes: number;
}

/**
 * Uploads files to a new task, all at the same time, and downloads the first one.
 * @returns how long the uploads took, in seconds
 * @throws when the server has not received what was sent
 */
export async function uploadFiles(baseUrl: string, token: string, { count, megabytes }: Uploads): Promise<number> {
  const session = { get: () => ({ accessToken: token, expiresAt: Infinity, refreshToken: null }), set: () => {} };
  const tenon = createTenon({ baseUrl, session });
  const { id } = await tenon.tasks.create({ title: 'Take the files' });
  const began = performance.now();
  const attachments = await Promise.all(
    Array.from({ length: count }, async (_, seed) => {
      const { content, sha256 } = file(megabytes, seed);
      const attachment = await tenon.attachments.upload(id, content, { fileName: `${seed}.bin` });
      if (attachment.sha256 !== sha256()) throw new Error(`${seed} arrived with another content.`);
      return attachment;
    }),
  );
  const seconds = (performance.now() - began) / 1000;
  const hash = createHash('sha256');
  const [first] = attachments;
  const { body } = await tenon.attachments.download({ id: first?.id ?? '' });
  for await (const chunk of body) hash.update(chunk);
  if (hash.digest('hex') !== first?.sha256) throw new Error('What was downloaded is not what was uploaded.');
  return seconds;
}
