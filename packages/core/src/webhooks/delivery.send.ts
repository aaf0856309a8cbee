import { StringDecoder } from 'node:string_decoder';
import { Agent, request } from 'undici';
import { type Dial, ForbiddenAddress, publicConnector, type Resolve } from '../kernel/public-connector.ts';
import type { CoreSettings } from '../kernel/settings.ts';
import { cutToBytes } from '../kernel/text.ts';
import { retryAfterMs } from './delivery.retry.ts';
import type { Attempt } from './webhook.entity.ts';
import type { SignedHeaders } from './webhook.secret.ts';
import { isAllowedHost, targetProblem } from './webhook.target.ts';

const connectMs = 5000;
const wholeMs = 15_000;
/** How many bytes of a response are kept. */
const responseBytes = 4096;

/** The result of an attempt. */
export interface Answer extends Pick<Attempt, 'status' | 'error' | 'response'> {
  /** The delay that the receiver has asked for, in milliseconds. */
  retryAfterMs: number;
}

type Send = (url: string, headers: SignedHeaders, body: string) => Promise<Answer>;

export interface Sender {
  send: Send;
  close(): Promise<void>;
}

interface SenderOptions {
  settings: Pick<CoreSettings, 'webhookAllowedHosts'>;
  /** @default the resolver of the system */
  resolve?: Resolve;
  /** @default connects */
  dial?: Dial;
  /** How long an attempt may take, from resolving the host to the end of the response. @default 15000 */
  timeoutMs?: number;
}

const failed = (error: string): Answer => ({ status: null, error, response: null, retryAfterMs: 0 });

/** Names the reason why no response came. */
function reasonOf(thrown: unknown): string {
  if (thrown instanceof ForbiddenAddress) return 'forbidden_address';
  if (!(thrown instanceof Error)) return 'connection';
  const code = 'code' in thrown ? String(thrown.code) : '';
  if (thrown.name === 'TimeoutError' || code.endsWith('_TIMEOUT')) return 'timeout';
  if (/^(CERT|ERR_TLS|ERR_SSL|UNABLE_TO|DEPTH_ZERO|SELF_SIGNED|HOSTNAME_MISMATCH)/.test(code)) return 'tls';
  return 'connection';
}

/** Reads the beginning of a body as text that every database can store. Null when it is empty. */
async function beginningOf(body: AsyncIterable<Uint8Array>): Promise<string | null> {
  const decoder = new StringDecoder('utf8');
  let text = '';
  let bytes = 0;
  for await (const chunk of body) {
    text += decoder.write(Buffer.from(chunk));
    bytes += chunk.length;
    if (bytes >= responseBytes) break;
  }
  const stored = cutToBytes(text.toWellFormed().replaceAll('\0', '\uFFFD'), responseBytes);
  return stored === '' ? null : stored;
}

/**
 * Makes the sender of events. It follows no redirects, and waits at most 15 seconds. It connects only to public addresses and to hosts that
 * the operator allows. It never throws.
 */
export function createSender({ settings, timeoutMs = wholeMs, ...connecting }: SenderOptions): Sender {
  const limits = { headersTimeout: timeoutMs, bodyTimeout: timeoutMs };
  const anywhere = new Agent({ ...limits, connect: { timeout: connectMs } });
  const open = new Agent({ ...limits, connect: publicConnector({ timeoutMs: connectMs, ...connecting }) });
  const send: Send = async (address, headers, body) => {
    const url = new URL(address);
    // The settings may have changed since the webhook was created.
    if (targetProblem(settings, url) !== null) return failed('not_allowed');
    try {
      const response = await request(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'user-agent': 'Tenon-Webhooks', ...headers },
        body,
        dispatcher: isAllowedHost(settings, url) ? anywhere : open,
        signal: AbortSignal.timeout(timeoutMs),
      });
      const { statusCode: status } = response;
      const after = response.headers['retry-after'];
      const succeeded = status >= 200 && status < 300;
      return {
        status,
        error: succeeded ? null : 'http_status',
        // The status of the response counts, even if its body never ends.
        response: await beginningOf(response.body).catch(() => null),
        retryAfterMs: succeeded ? 0 : retryAfterMs([after].flat()[0], new Date()),
      };
    } catch (error) {
      return failed(reasonOf(error));
    }
  };
  return {
    send,
    close: async () => {
      await Promise.all([anywhere.destroy(), open.destroy()]);
    },
  };
}
