import { readdir, readFile } from 'node:fs/promises';
import { Marked } from 'marked';
import { escapeHtml } from '@tenon/core';
import { textPage } from './pages.ts';

/** The root of the repository, or of the image. Sources and bundles are equally far below it. */
const root = new URL('../../../../', import.meta.url);

/** The sections of the index, with the addresses of their pages. */
const sections: readonly (readonly [string, RegExp])[] = [
  ['Guides', /^docs\/guides\//],
  ['Reference', /^docs\/(operate\/)?[^/]+$|^CHANGELOG/],
  ['Decisions', /^docs\/adr\//],
];

/** Where a file of `docs` is served: guides/sign-in.md at /guides/sign-in, operate/README.md at /guides/operate, README.md at /guides. */
const addressOf = (file: string): string =>
  `/guides/${file.replace(/^guides\//, '').replace(/\/?(README)?\.md$/, '')}`.replace(/\/$/, '');

/** The files that are served, as paths below the root, with their addresses. */
async function findFiles(): Promise<ReadonlyMap<string, string>> {
  const names = await readdir(new URL('docs/', root), { recursive: true });
  const files = names.map((name) => name.replaceAll('\\', '/')).filter((name) => name.endsWith('.md'));
  return new Map([
    ...files.toSorted().map((file) => [`docs/${file}`, addressOf(file)] as const),
    ['CHANGELOG.md', '/guides/changelog'],
    ['packages/api/openapi.json', '/openapi.json'],
  ]);
}

/** The id of a heading, as GitHub makes it. */
const idOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');

/** Where a link in a file leads on this server. Null when that is not served. */
function targetOf(link: string, file: string, addresses: ReadonlyMap<string, string>): string | null {
  if (/^(https?:|#)/.test(link)) return link;
  const { pathname, hash } = new URL(link, `file:///${file}`);
  const address = addresses.get(pathname.slice(1));
  return address === undefined ? null : address + hash;
}

/** Turns Markdown into HTML. HTML in it is shown as text. */
function render(markdown: string, file: string, addresses: ReadonlyMap<string, string>): string {
  const marked = new Marked({
    renderer: {
      html: ({ text }) => escapeHtml(text),
      image: ({ text }) => escapeHtml(text),
      heading({ tokens, depth, text }) {
        return `<h${depth} id="${escapeHtml(idOf(text))}">${this.parser.parseInline(tokens)}</h${depth}>\n`;
      },
      link({ href, tokens }) {
        const target = targetOf(href, file, addresses);
        const content = this.parser.parseInline(tokens);
        return target === null ? content : `<a href="${escapeHtml(target)}">${content}</a>`;
      },
      code({ text, lang = '' }) {
        const block = `<pre><code>${escapeHtml(text)}</code></pre>\n`;
        return lang.startsWith('mermaid') ? `<details><summary>A diagram, as text</summary>${block}</details>` : block;
      },
    },
  });
  return marked.parse(markdown, { async: false });
}

const titleOf = (markdown: string): string => /^# (.*)/.exec(markdown)?.[1] ?? 'Tenon';

const textOf = (file: string): Promise<string> => readFile(new URL(file, root), 'utf8');

async function guide(file: string, addresses: ReadonlyMap<string, string>): Promise<string> {
  const markdown = await textOf(file);
  return textPage(titleOf(markdown), render(markdown, file, addresses));
}

async function index(addresses: ReadonlyMap<string, string>): Promise<string> {
  const pages = [...addresses].filter(([file, address]) => file.endsWith('.md') && address !== '/guides');
  const lists = sections.map(async ([heading, files]) => {
    const items = pages
      .filter(([file]) => files.test(file))
      .map(async ([file, address]) => `<li><a href="${address}">${escapeHtml(titleOf(await textOf(file)))}</a></li>`);
    return `<h2>${heading}</h2>\n<ul>${(await Promise.all(items)).join('\n')}</ul>`;
  });
  return textPage('Guides', `<h1>Guides</h1>\n${(await Promise.all(lists)).join('\n')}`);
}

let found: ReturnType<typeof findFiles> | undefined;
const made = new Map<string, Promise<string>>();

/** Returns the page at an address such as `/guides/sign-in`, as HTML. Null when there is none. */
export async function guideAt(address: string): Promise<string | null> {
  found ??= findFiles();
  const addresses = await found;
  const [file] = [...addresses].find(([name, at]) => name.endsWith('.md') && at === address) ?? [];
  if (file === undefined && address !== '/guides') return null;
  const page =
    made.get(address) ?? (file === undefined || address === '/guides' ? index(addresses) : guide(file, addresses));
  made.set(address, page);
  return page;
}
