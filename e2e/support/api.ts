/** The part of a list that tests read. */
export interface Page<Item = { id: string; title: string }> {
  data: Item[];
  nextCursor: string | null;
  total?: number;
}

/** Calls the REST API with an access token. */
export interface Caller {
  post<T>(path: string, body: unknown): Promise<T>;
  get<T>(path: string): Promise<T>;
}

/** @throws the answer of the server, if its status is an error */
export function callerOf(url: string, token?: string): Caller {
  const headers = {
    'content-type': 'application/json',
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
  };
  const call = async <T>(path: string, init: RequestInit): Promise<T> => {
    const response = await fetch(`${url}/api/v1${path}`, { ...init, headers });
    const text = await response.text();
    if (!response.ok) throw new Error(`${response.status} ${text}`);
    return JSON.parse(text) as T;
  };
  return {
    post: (path, body) => call(path, { method: 'POST', body: JSON.stringify(body) }),
    get: (path) => call(path, {}),
  };
}

/** Signs in and returns the access token. */
export async function login(url: string, name: string, password: string): Promise<string> {
  const { accessToken } = await callerOf(url).post<{ accessToken: string }>('/auth/login', { login: name, password });
  return accessToken;
}

/** Registers the owner of a new organization, verifies the address and signs in. Does not work in production mode. */
export async function registerOwner(url: string): Promise<{ token: string; email: string; password: string }> {
  const email = `owner-${crypto.randomUUID()}@example.com`;
  const password = 'correct horse battery staple';
  const anonymous = callerOf(url);
  const registered = await anonymous.post<{ verificationToken: string }>('/auth/register', {
    email,
    password,
    organizationName: 'Northwind',
  });
  await anonymous.post('/auth/verify-email', { token: registered.verificationToken });
  return { token: await login(url, email, password), email, password };
}
