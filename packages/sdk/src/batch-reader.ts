import { ConnectionError } from './errors.ts';

/** A part that comes in a later line: its name in the data (null for all of the data), its kind, and the number of that line. */
type Later = readonly [name: string | null, kind: number, line: number];

/** A value as tRPC writes it. The data is missing when it is undefined. */
type Written = readonly [data: readonly [unknown?], ...later: readonly Later[]];

/** The answer to a call, and how many parts of it have not arrived yet. */
interface Answer {
  readonly index: number;
  missing: number;
  value: unknown;
}

/** Where a part belongs that has not arrived yet. */
interface Place {
  readonly answer: Answer;
  readonly within: unknown;
  readonly name: string;
}

const isList = (value: unknown): value is readonly unknown[] => Array.isArray(value);

const isWritten = (value: unknown): value is Written => isList(value) && value.every(isList);

/** The lines of an answer, while they arrive. tRPC ends each with a line break. */
async function* linesOf({ body }: Response): AsyncGenerator<unknown, void> {
  const reader = body?.getReader();
  const decoder = new TextDecoder();
  let rest = '';
  while (reader) {
    const chunk: { done: boolean; value?: Uint8Array | undefined } = await reader.read();
    if (chunk.done) return;
    const lines = (rest + decoder.decode(chunk.value, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) yield JSON.parse(line);
  }
}

/** Puts the answers to a batch together, as tRPC writes them in the lines of `application/jsonl`. */
class Answers {
  readonly #settle: (index: number, answer: unknown) => void;
  readonly #places = new Map<unknown, Place>();

  constructor(settle: (index: number, answer: unknown) => void) {
    this.#settle = settle;
  }

  /** Takes the first line, which has a value for each call. */
  begin(line: unknown): void {
    for (const [index, value] of Object.entries(line ?? {})) {
      const answer: Answer = { index: Number(index), missing: 0, value: null };
      this.#put(value, { answer, within: answer, name: 'value' });
    }
  }

  /** Takes a later line: its number, whether it is an error, and the value. */
  add(line: unknown): void {
    const [number, isError, value] = isList(line) ? line : [];
    const place = this.#places.get(number);
    if (!place) throw new TypeError('A line of the answer belongs to no call.');
    const { answer } = place;
    answer.missing--;
    if (isError) this.#settle(answer.index, { error: value });
    else this.#put(value, place);
  }

  #put(written: unknown, { answer, within, name }: Place): void {
    if (!isWritten(written) || typeof within !== 'object' || within === null)
      throw new TypeError('A line of the answer is malformed.');
    const [[data], ...later] = written;
    Reflect.set(within, name, data);
    for (const [part, , number] of later)
      this.#places.set(number, part === null ? { answer, within, name } : { answer, within: data, name: part });
    answer.missing += later.length;
    if (answer.missing === 0) this.#settle(answer.index, answer.value);
  }
}

/**
 * Reads the answers to a batch while they arrive.
 * @param settle gets each answer as soon as it is whole: `{ result }` or `{ error }`
 * @throws ConnectionError when the connection is lost, or when the answer is not of our server
 */
export async function readBatch(response: Response, settle: (index: number, answer: unknown) => void): Promise<void> {
  const answers = new Answers(settle);
  let isFirst = true;
  try {
    for await (const line of linesOf(response)) {
      if (isFirst) answers.begin(line);
      else answers.add(line);
      isFirst = false;
    }
  } catch (thrown) {
    throw new ConnectionError(thrown);
  }
}
