import { STATUS_CODES } from 'node:http';
import type { CataloguedProblem } from '@tenon/api';
import { escapeHtml as escape } from '@tenon/core';
import { textPage } from './pages.ts';

/** Shows a sentence. Of Markdown it knows code. */
const rich = (text: string): string => escape(text).replaceAll(/`([^`]+)`/g, '<code>$1</code>');

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
  return textPage(
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
  return textPage(
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
