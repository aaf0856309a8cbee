import Fastify from 'fastify';
import { expect, test } from 'vitest';
import { sendJson } from './json.ts';

const long = 'a'.repeat(5000);

test.each([
  ['a short text', 'é☃'],
  ['a long text of ASCII', long],
  ['a long text with a Latin letter', `${long}é`],
  ['a long text with a snowman', `${long}☃`],
  ['a long text with a lone surrogate', `${long}\ud800`],
])('%s arrives as it was', async (_what, text) => {
  const app = Fastify();
  app.get('/', (_request, reply) => sendJson(reply, JSON.stringify({ text })));
  const { headers, rawPayload, json } = await app.inject('/');
  expect(json()).toEqual({ text });
  expect(headers).toMatchObject({
    'content-type': 'application/json; charset=utf-8',
    'content-length': String(rawPayload.length),
  });
  const head = await app.inject({ method: 'HEAD', url: '/' });
  expect([head.headers['content-length'], head.body]).toEqual([headers['content-length'], '']);
});
