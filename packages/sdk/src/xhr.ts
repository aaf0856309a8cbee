import { ConnectionError } from './errors.ts';
import type { Observer } from './observer.ts';
import type { UploadOptions } from './options.ts';

/** The parts of a browser's XMLHttpRequest that are used here. */
interface Xhr {
  readonly status: number;
  readonly responseText: string;
  readonly upload: { onprogress: ((event: { loaded: number; total: number }) => void) | null };
  onload: (() => void) | null;
  onerror: (() => void) | null;
  open(method: string, url: string): void;
  setRequestHeader(name: string, value: string): void;
  getAllResponseHeaders(): string;
  send(body: FormData): void;
  abort(): void;
}

type XhrClass = new () => Xhr;

const isXhrClass = (value: unknown): value is XhrClass => typeof value === 'function';

const xhrClass = (): XhrClass | null => {
  const found: unknown = Reflect.get(globalThis, 'XMLHttpRequest');
  return isXhrClass(found) ? found : null;
};

/** Whether this is a browser, where only XMLHttpRequest tells how much of a body was sent. */
export const hasUploadProgress = (): boolean => xhrClass() !== null;

function headersIn(text: string): Headers {
  const headers = new Headers();
  for (const line of text.trim().split(/[\r\n]+/)) {
    const at = line.indexOf(':');
    if (at > 0) headers.append(line.slice(0, at).trim(), line.slice(at + 1).trim());
  }
  return headers;
}

/** What is sent beside the form. */
export interface Sent {
  method: string;
  url: string;
  headers: Headers;
  signal: AbortSignal;
}

/** Sends a form and tells how much of it was sent. @throws ConnectionError, or the signal's reason */
export function sendWithProgress(
  observer: Observer,
  sent: Sent,
  form: FormData,
  onProgress: NonNullable<UploadOptions['onProgress']>,
): Promise<Response> {
  return observer.sending(sent, () => send(sent, form, onProgress));
}

function send(
  { method, url, headers, signal }: Sent,
  form: FormData,
  onProgress: NonNullable<UploadOptions['onProgress']>,
): Promise<Response> {
  return new Promise((resolve, reject) => {
    const Class = xhrClass();
    if (!Class) throw new TypeError('There is no XMLHttpRequest here.');
    signal.throwIfAborted();
    const xhr = new Class();
    xhr.open(method, url);
    headers.forEach((value, name) => xhr.setRequestHeader(name, value));
    xhr.upload.onprogress = ({ loaded, total }) => onProgress({ sent: loaded, total });
    xhr.onload = () =>
      resolve(new Response(xhr.responseText, { status: xhr.status, headers: headersIn(xhr.getAllResponseHeaders()) }));
    xhr.onerror = () => reject(new ConnectionError(new TypeError('The upload failed.')));
    signal.addEventListener('abort', () => {
      xhr.abort();
      // oxlint-disable-next-line typescript/prefer-promise-reject-errors -- its owner may give a signal any reason
      reject(signal.reason);
    });
    xhr.send(form);
  });
}
