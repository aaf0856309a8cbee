import type { Measured } from './measure.ts';

const headings = ['database', 'operation', 'connections', 'surface', 'req/s', 'p50 ms', 'p99 ms', 'ratio', 'client'];

/** Formats figures as a table for terminals and Markdown. */
export function tableOf(figures: readonly Measured[]): string {
  const rows = figures.map((figure) => [
    figure.db,
    figure.operation,
    String(figure.connections),
    figure.surface,
    String(figure.requestsPerSecond),
    figure.p50.toFixed(2),
    figure.p99.toFixed(2),
    figure.ratio.toFixed(2),
    `${Math.round(figure.clientBusy * 100)} %`,
  ]);
  const numeric = (column: number): boolean => column === 2 || column > 3;
  const widths = headings.map((heading, column) =>
    Math.max(heading.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => (numeric(column) ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0))).join(' | ')} |`;
  const rule = `|${widths.map((width, column) => (numeric(column) ? `${'-'.repeat(width + 1)}:` : '-'.repeat(width + 2))).join('|')}|`;
  return [line(headings), rule, ...rows.map(line)].join('\n');
}
