import type { Counted } from './counting.ts';
import type { Measured } from './measure.ts';
import type { Waited } from './waiters.ts';

/** A column of a table, with the text of its cells. */
interface Column<Figure> {
  heading: string;
  text: (figure: Figure) => string;
  /** Whether it is aligned to the right. @default true */
  numeric?: false;
}

/** Formats figures as a table for terminals and Markdown. */
function tableOf<Figure>(columns: readonly Column<Figure>[], figures: readonly Figure[]): string {
  const rows = figures.map((figure) => columns.map(({ text }) => text(figure)));
  const widths = columns.map(({ heading }, index) =>
    Math.max(heading.length, ...rows.map((row) => row[index]?.length ?? 0)),
  );
  const line = (cells: readonly string[]): string => {
    const padded = columns.map(({ numeric }, index) => {
      const [cell = '', width = 0] = [cells[index], widths[index]];
      return numeric === false ? cell.padEnd(width) : cell.padStart(width);
    });
    return `| ${padded.join(' | ')} |`;
  };
  const rule = columns.map(({ numeric }, index) => {
    const width = widths[index] ?? 0;
    return numeric === false ? '-'.repeat(width + 2) : `${'-'.repeat(width + 1)}:`;
  });
  return [line(columns.map(({ heading }) => heading)), `|${rule.join('|')}|`, ...rows.map(line)].join('\n');
}

const ofRun = [
  { heading: 'database', text: ({ db }: Measured | Counted) => db, numeric: false },
  { heading: 'operation', text: ({ operation }: Measured | Counted) => operation, numeric: false },
  { heading: 'connections', text: ({ connections }: Measured | Counted) => String(connections) },
  { heading: 'surface', text: ({ surface }: Measured | Counted) => surface, numeric: false },
] as const;

const percent = (share: number): string => `${Math.round(share * 100)} %`;

const ofSpeed: readonly Column<Measured>[] = [
  ...ofRun,
  { heading: 'req/s', text: (figure) => String(figure.requestsPerSecond) },
  { heading: 'p50 ms', text: (figure) => figure.p50.toFixed(2) },
  { heading: 'p99 ms', text: (figure) => figure.p99.toFixed(2) },
  { heading: 'ratio', text: (figure) => figure.ratio.toFixed(2) },
  { heading: 'client', text: (figure) => percent(figure.clientBusy) },
];

const ofSpread: Column<Measured> = {
  heading: 'ratios',
  text: ({ ratios }) => `${Math.min(...ratios).toFixed(2)}–${Math.max(...ratios).toFixed(2)}`,
};

/** Makes the table of a measurement. It shows the spread of the ratios if there was more than one run. */
export const speedTable = (figures: readonly Measured[]): string =>
  tableOf(figures.some(({ ratios }) => ratios.length > 1) ? [...ofSpeed, ofSpread] : ofSpeed, figures);

const kilobytes = (bytes: number): string => (bytes / 1000).toFixed(1);
const orNothing = (value: number | null, text: (value: number) => string): string =>
  value === null ? '' : text(value);

const ofCounts: readonly Column<Counted>[] = [
  ...ofRun,
  { heading: 'statements', text: (figure) => figure.statements.toFixed(2) },
  { heading: 'rows', text: (figure) => figure.rows.toFixed(1) },
  { heading: 'transactions', text: (figure) => figure.transactions.toFixed(2) },
  { heading: 'packets', text: (figure) => figure.packets.toFixed(2) },
  { heading: 'round trips', text: (figure) => figure.roundTrips.toFixed(2) },
  { heading: 'buffers', text: ({ buffers }) => orNothing(buffers, (count) => count.toFixed(1)) },
  { heading: 'written kB', text: (figure) => kilobytes(figure.writtenBytes) },
  { heading: 'images kB', text: (figure) => kilobytes(figure.imageBytes) },
  { heading: 'answer kB', text: (figure) => kilobytes(figure.answeredBytes) },
  { heading: 'WAL peak MB', text: (figure) => orNothing(figure.walPeakBytes, (bytes) => (bytes / 1e6).toFixed(1)) },
  { heading: 'HOT', text: ({ hotShare }) => orNothing(hotShare, percent) },
  { heading: 'allocated kB', text: (figure) => kilobytes(figure.allocatedBytes) },
];

export const countsTable = (figures: readonly Counted[]): string => tableOf(ofCounts, figures);

const ofWaiting: readonly Column<Waited>[] = [
  { heading: 'database', text: ({ db }) => db, numeric: false },
  { heading: 'waiters', text: ({ waiters }) => String(waiters) },
  { heading: 'lists', text: ({ lists }) => String(lists) },
  { heading: 'p50 ms', text: ({ p50 }) => p50.toFixed(2) },
  { heading: 'p99 ms', text: ({ p99 }) => p99.toFixed(2) },
  { heading: 'p99 ratio', text: ({ ratio }) => ratio.toFixed(2) },
];

export const waitersTable = (figures: readonly Waited[]): string => tableOf(ofWaiting, figures);
