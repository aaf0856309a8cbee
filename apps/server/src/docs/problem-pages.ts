import { STATUS_CODES } from 'node:http';
import type { CataloguedProblem } from '@tenon/api';

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

const escape = (text: string): string => text.replaceAll(/[&<>"']/g, (character) => entities[character] ?? '');

/** Shows a sentence. Of Markdown it knows code. */
const rich = (text: string): string => escape(text).replaceAll(/`([^`]+)`/g, '<code>$1</code>');

const page = (title: string, body: string): string => `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>${escape(title)}</title>
    <link rel="icon" href="data:,">
    <style>
      :root { color-scheme: light dark }
      body { font: 1rem/1.6 system-ui, sans-serif; max-width: 44rem; margin: 0 auto; padding: 1.5rem 1rem 4rem; overflow-wrap: anywhere }
      h1 { font-size: 1.6rem; line-height: 1.25; margin: 1rem 0 0.25rem }
      h2 { font-size: 1.1rem; margin: 2rem 0 0.25rem }
      p, ul { margin: 0.25rem 0 }
      ul { padding-left: 1.25rem }
      code { font: 0.9em ui-monospace, monospace; background: color-mix(in srgb, currentcolor 8%, transparent); border-radius: 4px; padding: 0.1em 0.3em }
      nav { display: flex; gap: 1rem }
    </style>
  </head>
  <body>
    <nav><a href="/problems">All problems</a><a href="/docs">API documentation</a></nav>
    ${body}
  </body>
</html>
`;

const statusOf = (status: number): string => `${status} ${STATUS_CODES[status] ?? ''}`;

/** The list of all problems, by status. */
export function problemIndex(problems: readonly CataloguedProblem[]): string {
  const statuses = [...new Set(problems.map(({ status }) => status))].toSorted((a, b) => a - b);
  const sections = statuses.map((status) => {
    const items = problems
      .filter((problem) => problem.status === status)
      .map(
        ({ code, message }) =>
          `<li><a href="/problems/${escape(code)}"><code>${escape(code)}</code></a> ${rich(message)}</li>`,
      );
    return `<h2>${escape(statusOf(status))}</h2>\n    <ul>${items.join('\n      ')}</ul>`;
  });
  return page(
    'Problems of the Tenon API',
    `<h1>Problems</h1>
    <p>Every error is answered as <code>application/problem+json</code>. Decide by its <code>code</code>, which never changes. <code>docs</code> leads to the page about it.</p>
    ${sections.join('\n    ')}`,
  );
}

/** The page about one code. */
export function problemPage({ code, title, status, message, cause, remedy, operations }: CataloguedProblem): string {
  const answering = operations.map(
    ({ name, method, path }) => `<li><code>${escape(`${method} ${path}`)}</code> (${escape(name)})</li>`,
  );
  return page(
    `${title} (${status})`,
    `<h1>${escape(title)}</h1>
    <p><code>${escape(code)}</code>, answered with <strong>${escape(statusOf(status))}</strong></p>
    <p>${rich(message)}</p>
    <h2>Cause</h2>
    <p>${rich(cause)}</p>
    <h2>What to do</h2>
    <p>${rich(remedy)}</p>
    <h2>Operations that answer it</h2>
    ${answering.length > 0 ? `<ul>${answering.join('\n      ')}</ul>` : '<p>None in particular: it is answered before there is an operation, or while a stream is open.</p>'}`,
  );
}
