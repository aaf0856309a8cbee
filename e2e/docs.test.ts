import { existsSync } from 'node:fs';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { callerOf, login, type Page as ListPage } from './support/api.ts';
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

  /** Finds an operation in the menu and sends it. Returns what was sent and answered. */
  async send({ heading, title, method, path, body }: Operation) {
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
      // Chromium reports every answer of 401 as an error.
      expect(docs.faults.splice(0)).toEqual([expect.stringContaining('401')]);
      await docs.signIn(name, password);
      await docs.page.getByRole('button', { name: 'Sign out' }).waitFor();

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
  },
);
