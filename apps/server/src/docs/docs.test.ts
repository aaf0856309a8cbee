import { openApiDocument } from '@tenon/api';
import Fastify, { type FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { consoleDocument } from './console-document.ts';
import { mountDocs } from './routes.ts';

let app: FastifyInstance;

beforeAll(async () => {
  app = Fastify();
  await mountDocs(app, { document: openApiDocument, problems: () => [] });
});
afterAll(() => app.close());

const get = async (url: string) => {
  const { statusCode, headers, body } = await app.inject(url);
  return {
    status: statusCode,
    type: headers['content-type'],
    policy: String(headers['content-security-policy']),
    body,
  };
};

const linksIn = (html: string): string[] => [...html.matchAll(/href="(\/[^"]*|#[^"]*)"/g)].map(([, link = '']) => link);
const idsIn = (html: string): string[] => [...html.matchAll(/ id="([^"]*)"/g)].map(([, id = '']) => id);

describe('the guides', () => {
  it('are listed, and have no dead link', async () => {
    const pages = new Map<string, string>();
    const queue = ['/guides'];
    const dead: string[] = [];
    for (let url = queue.shift(); url !== undefined; url = queue.shift()) {
      const { status, body } = await get(url);
      expect([url, status]).toEqual([url, 200]);
      pages.set(url, body);
      for (const link of linksIn(body)) {
        const [path = ''] = link.split('#');
        if (path.startsWith('/guides') && !pages.has(path) && !queue.includes(path)) queue.push(path);
      }
    }
    for (const [url, body] of pages)
      for (const link of linksIn(body)) {
        const [path = '', anchor] = link.split('#');
        const target = pages.get(path === '' ? url : path);
        if (anchor !== undefined && !idsIn(target ?? '').includes(anchor)) dead.push(`${url}: ${link}`);
      }
    expect(dead).toEqual([]);
    expect([...pages.keys()]).toEqual(
      expect.arrayContaining([
        '/guides/sign-in',
        '/guides/changelog',
        '/guides/settings',
        '/guides/operate',
        '/guides/events',
      ]),
    );
  });

  it('are HTML that loads nothing, and show HTML in them as text', async () => {
    const { type, policy, body } = await get('/guides/sign-in');
    expect(type).toBe('text/html; charset=utf-8');
    expect(policy).toMatch(/default-src 'none'.*script-src 'self'/);
    expect(body).toContain('<title>How people sign in · Tenon</title>');
    expect(body).toMatch(/<summary>A diagram, as text<\/summary><pre><code>sequenceDiagram/);
    expect(body).toContain('C-&gt;&gt;T: auth.login');
    expect(body).not.toMatch(/<(script|img|iframe)|href="[^"]*\.md/);
  });

  it.each(['/guides/nothing', '/guides/', '/guides/../package', '/guides/sign-in.md', '/guides/%2e%2e/CHANGELOG'])(
    '%s is 404',
    async (url) => expect((await get(url)).status).toBe(404),
  );
});

interface Parameter {
  name: string;
  required?: boolean;
  example?: unknown;
  examples?: Record<string, unknown>;
  schema?: { default?: unknown; enum?: unknown[]; examples?: unknown[] };
}

interface Body {
  content: Record<string, { example?: unknown }>;
}

interface Document {
  externalDocs: { url: string };
  tags: { name: string; description: string; externalDocs?: { url: string } }[];
  'x-tagGroups': { name: string; tags: string[] }[];
  paths: Record<string, Record<string, { parameters: Parameter[]; requestBody?: Body }>>;
  components: { parameters: Record<string, Parameter> };
}

const documentAt = async (url: string): Promise<Document> => (await app.inject(url)).json();

describe('the OpenAPI document', () => {
  it('names guides that are served', async () => {
    const { externalDocs, tags } = await documentAt('/openapi.json');
    const urls = [externalDocs, ...tags.flatMap((tag) => tag.externalDocs ?? [])].map(({ url }) => url);
    expect(urls.length).toBeGreaterThan(20);
    for (const url of urls) {
      const { pathname: path, hash } = new URL(url);
      const anchor = hash === '' ? undefined : hash.slice(1);
      const { status, body } = await get(path);
      expect([url, status, anchor === undefined || idsIn(body).includes(anchor)]).toEqual([url, 200, true]);
    }
  });

  it('begins with signing in and with tasks, and groups every heading', async () => {
    const { tags, 'x-tagGroups': groups } = await documentAt('/openapi.json');
    expect(tags.slice(0, 3).map(({ name }) => name)).toEqual(['Authentication', 'Organizations', 'Tasks']);
    expect(groups.flatMap((group) => group.tags)).toEqual(tags.map(({ name }) => name));
    expect(groups.map(({ name }) => name)).not.toContain('Other');
  });
});

/** The value that Scalar sends of an optional parameter on which nobody has typed anything. */
const valueOf = ({ example, examples, schema }: Parameter): unknown =>
  Object.values(examples ?? {})[0] ?? example ?? schema?.default ?? schema?.enum?.[0] ?? schema?.examples?.[0];

describe('the document of /docs', () => {
  const optionalIn = ({ paths, components }: Document): Parameter[] =>
    [
      ...Object.values(paths).flatMap((path) => Object.values(path).flatMap(({ parameters }) => parameters)),
      ...Object.values(components.parameters),
    ].filter(({ required }) => required === false);

  it('gives no optional parameter a value', async () => {
    const valued = optionalIn(await documentAt('/docs/openapi.json')).filter(
      (one) => valueOf(one) !== '' && valueOf(one) !== undefined,
    );
    expect(valued.map(({ name }) => name)).toEqual([]);
    // Otherwise it would prove nothing.
    expect(optionalIn(await documentAt('/openapi.json')).map(valueOf)).toContain('true');
  });

  it('fills in bodies without naming what only exists in the example', async () => {
    const { paths } = await documentAt('/docs/openapi.json');
    const bodyOf = (path: string, method: string) => paths[path]?.[method]?.requestBody?.content['application/json'];
    expect(bodyOf('/api/v1/tasks', 'post')?.example).toEqual({ title: expect.any(String), estimatedHours: 1.5 });
    // Required, or nothing else.
    expect(bodyOf('/api/v1/tags/{id}/merge', 'post')?.example).toHaveProperty('intoId');
    expect(bodyOf('/api/v1/tasks/bulk-update', 'post')?.example).toHaveProperty('ids');
    expect(bodyOf('/api/v1/auth/login', 'post')?.example).toHaveProperty('password');
  });

  it('keeps what is sent with a meaning, and links the guides', () => {
    const required = { name: 'id', in: 'path', required: true, example: 'a', schema: { type: 'string', default: 'b' } };
    const property = { properties: { sort: { type: 'string', enum: ['a'], default: 'a' } } };
    const tag = {
      name: 'Tasks',
      description: 'Work.',
      externalDocs: { description: 'Guide', url: 'https://tenon.example.com/guides/a#b' },
    };
    expect(JSON.parse(consoleDocument({ tags: [tag], parameters: [required], property }))).toEqual({
      tags: [{ ...tag, description: 'Work. [Guide](/guides/a#b)' }],
      parameters: [required],
      property,
    });
  });
});
