/** One event of a stream. */
export interface ServerSentEvent {
  readonly event: string;
  readonly data: string;
}

/** Parses `text/event-stream` as it arrives, as the HTML standard says. */
export class EventStreamParser {
  /** The last id that arrived. It is the place in the stream, also when it came without an event. */
  lastEventId: string | null;
  /** How long the server asks clients to wait before they come back, in milliseconds. */
  retryMs: number | null = null;
  #rest = '';
  #id: string | null;
  #event = '';
  #data: string[] = [];

  constructor(lastEventId: string | null) {
    this.lastEventId = this.#id = lastEventId;
  }

  /** Takes the next part of the text. Returns the events that end in it. */
  push(text: string): ServerSentEvent[] {
    const events: ServerSentEvent[] = [];
    const lines = (this.#rest + text).split(/\r\n|\n|\r(?!$)/);
    this.#rest = lines.pop() ?? '';
    for (const line of lines) {
      if (line !== '') this.#field(line);
      else {
        const event = this.#dispatch();
        if (event) events.push(event);
      }
    }
    return events;
  }

  #field(line: string): void {
    const colon = line.indexOf(':');
    const name = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (name === 'event') this.#event = value;
    if (name === 'data') this.#data.push(value);
    if (name === 'id' && !value.includes('\0')) this.#id = value;
    if (name === 'retry' && /^\d+$/.test(value)) this.retryMs = Number(value);
  }

  #dispatch(): ServerSentEvent | null {
    this.lastEventId = this.#id;
    const event = this.#data.length > 0 ? { event: this.#event || 'message', data: this.#data.join('\n') } : null;
    this.#event = '';
    this.#data = [];
    return event;
  }
}
