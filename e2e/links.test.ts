import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '..');

const pages = globSync(['*.md', 'docs/**/*.md', 'packages/*/*.md'], { cwd: root }).map((page) => join(root, page));

/** The files that a page links to, without what is behind `#`. */
const linksOf = (page: string): string[] =>
  [...readFileSync(page, 'utf8').matchAll(/\]\(([^)\s#]+)(?:#[\w-]*)?\)/g)]
    .map(([, target = '']) => target)
    .filter((target) => !/^[a-z]+:/.test(target))
    .map((target) => join(dirname(page), target));

const shown = (paths: readonly string[]) => paths.map((path) => relative(root, path));

describe('the documentation', () => {
  it('has no link to a file that is not there', () => {
    expect(pages.length).toBeGreaterThan(30);
    for (const page of pages)
      expect([page, shown(linksOf(page).filter((target) => !existsSync(target)))]).toEqual([page, []]);
  });

  it('has an index that names every page', () => {
    const index = join(root, 'docs/README.md');
    const named = new Set([index, ...linksOf(index)]);
    expect(shown(pages.filter((page) => page.startsWith(dirname(index)) && !named.has(page)))).toEqual([]);
  });

  it('has every guide in the README', () => {
    const named = new Set(linksOf(join(root, 'README.md')));
    expect(shown(pages.filter((page) => page.includes('/docs/guides/') && !named.has(page)))).toEqual([]);
  });
});
