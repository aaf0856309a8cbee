import { expect, test } from 'vitest';
import { callWith, inert, writeMail } from './message.ts';

const evil = `</p><script>alert("x")</script>&'`;

test('a mail has the same content as text and as HTML', () => {
  const { text, html } = writeMail({
    to: 'anna@example.com',
    subject: 'Subject',
    name: 'Anna',
    blocks: ['First.', { copy: 'a-token' }, 'Last.'],
  });
  expect(text).toBe('Hello Anna,\n\nFirst.\n\na-token\n\nLast.\n');
  const told = html.slice(html.indexOf('<body')).replaceAll(/<[^>]+>/g, '\n');
  expect(told.split(/\n+/).filter(Boolean)).toEqual(['Hello Anna,', 'First.', 'a-token', 'Last.']);
});

test('user input is escaped everywhere in HTML', () => {
  const { html, text } = writeMail({ to: 'a@example.com', subject: evil, name: evil, blocks: [evil, { copy: evil }] });
  expect(html).not.toContain('<script');
  expect(html).not.toMatch(/&(?!(amp|lt|gt|quot|#39);)/);
  expect(html.split('&lt;/p&gt;&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;&amp;&#39;')).toHaveLength(5);
  expect(text).toContain(evil);
});

test('a mail loads nothing and contains no links', () => {
  const call = callWith('https://tenon.example', '/auth/verify-email', { token: 't' });
  const { html, text } = writeMail({ to: 'a@example.com', subject: 's', blocks: [call] });
  expect(html).not.toMatch(/<(a|img|link|script|style)\b|\bsrc=|\bhref=|url\(/i);
  expect(text).toContain(`-d '{"token":"t"}'`);
  const quoted = writeMail({
    to: 'a@b.de',
    subject: 's',
    blocks: [callWith('', '/x', { email: "o'neill@example.com" })],
  });
  expect(quoted.text).toContain(String.raw`-d '{"email":"o'\''neill@example.com"}'`);
});

test.each([
  ['Anna O’Neill', 'Anna O’Neill'],
  ['Dr. Anna Smith Jr.', 'Dr. Anna Smith Jr.'],
  ['J.R.R. Tolkien', 'J. R. R. Tolkien'],
  ['Booking.com', 'Booking. com'],
  ['https://evil.example/pay', 'https: //evil. example/pay'],
  ['pay@evil.example', 'pay@ evil. example'],
  ['evil。example', 'evil。 example'],
  ['evil\u200b.example', 'evil\u200b. example'],
])('the name %s is written %s, which is no link', (name, written) => {
  expect(inert(name)).toBe(written);
});
