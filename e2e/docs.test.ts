import { existsSync } from 'node:fs';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { callerOf, login, type Page as ListPage, registerOwner } from './support/api.ts';
import { codeOf } from './support/authenticator-app.ts';
import { type RunningTenon, startServer, temporaryDirectory } from './support/server.ts';

/** Where systems install Chromium. playwright-core brings no browser of its own. */
const executablePath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((path) =>
  existsSync(path),
);

interface Operation {
  heading: string;
  title: string;
  method: string;
  path: string;
  body?: object;
}

/** A page of /docs, with what went wrong on it. */
class Docs {
  readonly page: Page;
  readonly faults: string[] = [];

  constructor(page: Page, origin: string) {
    this.page = page;
    page.setDefaultTimeout(30_000);
    page.on('console', (message) => void (message.type() === 'error' && this.faults.push(message.text())));
    page.on('pageerror', (error) => void this.faults.push(error.message));
    page.on('request', (request) => {
      const url = request.url();
      if (!url.startsWith(`${origin}/`) && !/^(data|blob):/.test(url)) this.faults.push(`It asked for ${url}`);
    });
  }

  /** Fills in the form and sends it. */
  async signIn(name: string, password: string): Promise<void> {
    const dialog = this.page.getByRole('dialog', { name: 'Sign in' });
    if (!(await dialog.isVisible())) await this.page.getByRole('button', { name: 'Sign in', exact: true }).click();
    await dialog.getByLabel('E-mail address or username').fill(name);
    await dialog.getByLabel('Password').fill(password);
    await dialog.getByRole('button', { name: 'Sign in' }).click();
  }

  /** Sends the code that the form asks for. */
  async answerChallenge(code: string): Promise<void> {
    const dialog = this.page.getByRole('dialog', { name: 'Sign in' });
    await dialog.getByLabel('Code of your app').fill(code);
    await dialog.getByRole('button', { name: 'Sign in' }).click();
  }

  isSignedIn(): Promise<void> {
    return this.page.getByRole('button', { name: 'Sign out' }).waitFor();
  }

  /** Lets this time pass at once, and waits until the page has renewed its session. Returns the status and what was answered. */
  async renew(passing: string): Promise<{ status: number; accessToken?: string }> {
    const [response] = await Promise.all([
      this.page.waitForResponse((answer) => answer.url().endsWith('/auth/refresh')),
      this.page.clock.fastForward(passing),
    ]);
    return { status: response.status(), ...(await response.json()) };
  }

  /** Chromium reports every answer of an error as one. Returns the statuses since the last time. */
  refusals(): string[] {
    return this.faults.splice(0).map((fault) => /status of (\d+)/.exec(fault)?.[1] ?? fault);
  }

  /** Finds an operation in the menu and opens the form for its request. */
  async open({ heading, title, method, path, body }: Operation): Promise<void> {
    const { page } = this;
    const menu = page.getByRole('button', { name: 'Open Menu' });
    if (await menu.isVisible()) await menu.click();
    await page.getByRole('button', { name: new RegExp(`^(Open|Close) Group - ${heading}$`) }).waitFor();
    const group = page.getByRole('button', { name: `Open Group - ${heading}`, exact: true });
    if (await group.isVisible()) await group.click();
    await page
      .getByRole('link', { name: title })
      .or(page.getByRole('button', { name: title }))
      .first()
      .click();
    await page.getByRole('button', { name: `Test Request (${method} ${path})` }).click();
    if (body) await page.locator('.cm-content', { hasText: '"name"' }).first().fill(JSON.stringify(body));
  }

  /** Sends the request of the form that is open. Returns what was sent and answered. */
  async sendOpen(path: string) {
    const { page } = this;
    const [response] = await Promise.all([
      page.waitForResponse((answer) => answer.url().includes(path)),
      page
        .getByRole('button', { name: /^Send(?! Request)/ })
        .locator('visible=true')
        .click(),
    ]);
    const request = response.request();
    const sent = { method: request.method(), url: new URL(request.url()), headers: await request.allHeaders() };
    return { sent, status: response.status(), answer: await response.json() };
  }

  async send(operation: Operation) {
    await this.open(operation);
    return this.sendOpen(operation.path);
  }

  shows(text: string): Promise<void> {
    return this.page.getByText(text).locator('visible=true').first().waitFor();
  }

  close(): Promise<void> {
    return this.page.getByRole('button', { name: 'Close Client' }).click();
  }
}

describe.runIf(executablePath !== undefined)(
  'the page /docs, where Chromium is installed',
  { timeout: 120_000 },
  () => {
    const data = temporaryDirectory();
    let server: RunningTenon;
    let browser: Browser;
    let name: string;
    let password: string;

    beforeAll(async () => {
      [server, browser] = await Promise.all([
        startServer({ DATA_DIR: data.path }),
        chromium.launch({ executablePath: executablePath ?? '' }),
      ]);
      [, name = '', password = ''] = /Login\s+(\S+)\s+Password\s+(\S+)/.exec(server.stdout) ?? [];
    });
    afterAll(async () => {
      await browser.close();
      await server.kill('SIGTERM');
      data.remove();
    });

    it.each([
      { width: 1280, height: 900, tag: 'walnut' },
      { width: 390, height: 844, tag: 'cherry' },
    ])('at $width px it signs in, creates a tag and a task, and lists tasks', async ({ tag, ...viewport }) => {
      const docs = new Docs(await browser.newPage({ viewport }), server.url);
      await docs.page.goto(`${server.url}/docs`);
      await docs.signIn(name, 'wrong');
      await docs.shows('The login or the password is wrong.');
      expect(docs.refusals()).toEqual(['401']);
      await docs.signIn(name, password);
      await docs.isSignedIn();

      const creation = {
        heading: 'Tags',
        title: 'Create a tag',
        method: 'post',
        path: '/api/v1/tags',
        body: { name: tag },
      };
      const created = await docs.send(creation);
      expect([created.status, created.answer]).toEqual([201, expect.objectContaining({ name: tag, version: 1 })]);
      expect(Object.keys(created.sent.headers)).not.toEqual(expect.arrayContaining(['dry-run']));
      await docs.shows(created.answer.id);
      await docs.close();

      // As the page fills it in.
      const task = await docs.send({ heading: 'Tasks', title: 'Create a task', method: 'post', path: '/api/v1/tasks' });
      expect([task.status, task.answer]).toEqual([201, expect.objectContaining({ version: 1 })]);
      await docs.close();

      const listed = await docs.send({ heading: 'Tasks', title: 'List tasks', method: 'get', path: '/api/v1/tasks' });
      expect([listed.status, listed.sent.url.search]).toEqual([200, '']);
      expect(listed.answer.data.length).toBeGreaterThan(3);
      await docs.shows(listed.answer.data[0].title);
      await docs.close();

      await docs.page.getByRole('button', { name: 'Sign out' }).click();
      await docs.page.getByRole('button', { name: 'Sign in', exact: true }).waitFor();
      expect(docs.faults).toEqual([]);
      await docs.page.close();

      const caller = callerOf(server.url, await login(server.url, name, password));
      const { data: tags } = await caller.get<ListPage<{ name: string }>>('/tags?limit=100');
      expect(tags.map((one) => one.name)).toContain(tag);
    });

    it('asks for a second factor, and renews the session until it ends', async () => {
      const owner = await registerOwner(server.url);
      const person = callerOf(server.url, owner.token);
      const { secret } = await person.post<{ secret: string }>('/auth/totp/start', { password: owner.password });
      const { recoveryCodes } = await person.post<{ recoveryCodes: string[] }>('/auth/totp/confirm', {
        code: codeOf(secret, -1),
      });

      const docs = new Docs(await browser.newPage({ viewport: { width: 1280, height: 900 } }), server.url);
      await docs.page.clock.install();
      await docs.page.goto(`${server.url}/docs`);
      await docs.signIn(owner.email, owner.password);
      await docs.answerChallenge('000000');
      await docs.shows('The code is wrong, was used already, or is too old.');
      await docs.answerChallenge(codeOf(secret));
      await docs.isSignedIn();
      expect(docs.refusals()).toEqual(['403', '401']);

      // What somebody has typed stays while the session is renewed, and is sent with the new token.
      const creation = {
        heading: 'Tags',
        title: 'Create a tag',
        method: 'post',
        path: '/api/v1/tags',
        body: { name: 'oak' },
      };
      await docs.open(creation);
      const renewed = await docs.renew('19:01');
      expect(renewed.status).toBe(200);
      const created = await docs.sendOpen(creation.path);
      expect([created.status, created.answer.name]).toEqual([201, 'oak']);
      expect(created.sent.headers['authorization']).toBe(`Bearer ${renewed.accessToken}`);
      await docs.close();

      // A server that is away for a moment ends no session.
      await docs.page.route('**/auth/refresh', (route) => route.abort(), { times: 1 });
      await docs.page.clock.fastForward('19:01');
      expect((await docs.renew('00:03')).status).toBe(200);
      docs.faults.length = 0;

      await docs.page.getByRole('button', { name: 'Sign out' }).click();
      await docs.signIn(owner.email, owner.password);
      await docs.answerChallenge(recoveryCodes[0] ?? '');
      await docs.isSignedIn();
      await person.post('/auth/logout-all', {});
      expect((await docs.renew('19:01')).status).toBe(401);
      await docs.shows('Your session has ended.');
      await docs.page.getByRole('button', { name: 'Sign in', exact: true }).waitFor();
      expect(docs.refusals()).toEqual(['403', '401']);
      await docs.page.close();
    });
  },
);
