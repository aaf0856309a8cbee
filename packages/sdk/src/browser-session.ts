import { memorySession, type SessionStore, type Tokens } from './session.ts';

/** How a session is kept in a browser. */
export interface BrowserSessionOptions {
  /** The name in `localStorage`. Clients of different servers on one page need different names. @default 'tenon.session' */
  key?: string | undefined;
}

/** The part of `localStorage` that is used. */
interface Storage {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
}

/** The part of `navigator.locks` that is used. */
interface Locks {
  request<Result>(name: string, work: () => Promise<Result>): Promise<Result>;
}

/** The part of a storage event that is used. */
interface StorageChange {
  readonly key: string | null;
  readonly oldValue: string | null;
  readonly newValue: string | null;
}

interface Page {
  addEventListener(type: 'storage', listener: (event: StorageChange) => void): void;
  removeEventListener(type: 'storage', listener: (event: StorageChange) => void): void;
}

const has = <Part extends object>(value: unknown, method: keyof Part & string): value is Part =>
  typeof value === 'object' && value !== null && typeof Reflect.get(value, method) === 'function';

/** Reading it throws where the person has forbidden it. */
function storage(): Storage | null {
  try {
    const found: unknown = Reflect.get(globalThis, 'localStorage');
    return has<Storage>(found, 'getItem') ? found : null;
  } catch {
    return null;
  }
}

function locks(): Locks | null {
  const navigator: unknown = Reflect.get(globalThis, 'navigator');
  const found: unknown = typeof navigator === 'object' && navigator !== null ? Reflect.get(navigator, 'locks') : null;
  return has<Locks>(found, 'request') ? found : null;
}

const isTokens = (value: unknown): value is Tokens =>
  typeof value === 'object' &&
  value !== null &&
  'accessToken' in value &&
  typeof value.accessToken === 'string' &&
  'expiresAt' in value &&
  typeof value.expiresAt === 'number' &&
  'refreshToken' in value &&
  (value.refreshToken === null || typeof value.refreshToken === 'string');

function read(text: string | null): Tokens | null {
  try {
    const value: unknown = JSON.parse(text ?? 'null');
    return isTokens(value) ? value : null;
  } catch {
    return null;
  }
}

/**
 * Keeps the session of a browser over reloads, and shares it between tabs, which refresh it once for all. The access token is in
 * `localStorage`, where scripts of the page can read it; it expires after minutes. The refresh token stays in a cookie that they cannot read.
 * Where the browser has no `localStorage` the tokens are kept in memory.
 *
 * @example
 * const tenon = createTenon({ baseUrl: '', session: browserSession() });
 * tenon.auth.onChange(({ event }) => { if (event === 'signedOut') location.assign('/sign-in'); });
 */
export function browserSession({ key = 'tenon.session' }: BrowserSessionOptions = {}): SessionStore {
  const kept = storage();
  if (!kept) return memorySession();
  return {
    get: () => read(kept.getItem(key)),
    set: (tokens) => {
      if (tokens) kept.setItem(key, JSON.stringify(tokens));
      else kept.removeItem(key);
    },
    exclusively: (work) => locks()?.request(key, work) ?? work(),
    onChange: (listener) => {
      const page: unknown = globalThis;
      if (!has<Page>(page, 'addEventListener')) return () => {};
      const onStorage = ({ key: changed, oldValue, newValue }: StorageChange) => {
        // The key is null when everything was removed.
        if (changed === key) listener(read(newValue), read(oldValue));
        else if (changed === null) listener(null, null);
      };
      page.addEventListener('storage', onStorage);
      return () => page.removeEventListener('storage', onStorage);
    },
  };
}
