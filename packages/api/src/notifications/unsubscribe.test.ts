import { makeAccountToken } from '@tenon/core';
import { describe, expect, it } from 'vitest';
import { scenes } from '../contract/testing/cases.ts';
import type { Scene } from '../contract/testing/scene.ts';
import { useScene } from '../contract/testing/suite.ts';

describe.each(scenes)('unsubscribing from a mail on %s', (_dialect, open) => {
  let scene: Scene;
  useScene(open, (opened) => ({ scene } = opened));

  const url = '/api/v1/notifications/unsubscribe';
  const tokenOf = (userId: string) => {
    const expires = new Date(Date.now() + 60_000);
    return makeAccountToken(scene.platform.settings, 'unsubscribe', { id: userId, boundTo: [] }, expires);
  };
  const boundary = 'x';
  const multipart = `--${boundary}\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--${boundary}--\r\n`;

  it.each([
    ['a form', 'application/x-www-form-urlencoded', 'List-Unsubscribe=One-Click'],
    ['multipart', `multipart/form-data; boundary=${boundary}`, multipart],
    ['no body', undefined, undefined],
  ])('works with %s, as mail programs send it', async (_name, type, payload) => {
    const { owner } = scene.acme.people;
    const preferences = [{ type: 'task.overdue' as const, email: 'now' as const }];
    await owner.do('notificationPreferences.update', { preferences });
    const answer = await scene.app.inject({
      method: 'POST',
      url: `${url}?token=${tokenOf(owner.userId)}`,
      ...(type !== undefined && { headers: { 'content-type': type } }),
      ...(payload !== undefined && { payload }),
    });
    expect([answer.statusCode, answer.body, answer.headers['cache-control']]).toEqual([200, '', 'no-store']);
    const after = await owner.do('notificationPreferences.get', {});
    expect(new Set(after.preferences.map(({ email }) => email))).toEqual(new Set(['off']));
  });

  it('does nothing when the address is only opened, and takes the token from there alone', async () => {
    const token = tokenOf(scene.acme.people.admin.userId);
    const opened = await scene.app.inject({ method: 'GET', url: `${url}?token=${token}` });
    expect([opened.statusCode, opened.headers['allow']]).toEqual([405, expect.stringContaining('POST')]);
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const posted = await scene.app.inject({ method: 'POST', url, headers, payload: `token=${token}` });
    expect([posted.statusCode, posted.json()]).toMatchObject([400, { errors: [{ path: '/query/token' }] }]);
  });
});
