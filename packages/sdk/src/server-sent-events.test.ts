import { describe, expect, it } from 'vitest';
import { EventStreamParser } from './server-sent-events.ts';

const parse = (...parts: string[]) => {
  const parser = new EventStreamParser(null);
  return { events: parts.flatMap((part) => parser.push(part)), parser };
};

describe('text/event-stream', () => {
  it('is parsed with every kind of line end, wherever it is cut', () => {
    const text = 'event: a\ndata: 1\n\ndata:2\r\ndata\rdata: 3\r\r\n: comment\n\nevent: b\r\n\r\nid: 7\ndata: 4\n\n';
    const expected = [
      { event: 'a', data: '1' },
      { event: 'message', data: '2\n\n3' },
      { event: 'message', data: '4' },
    ];
    expect(parse(text).events).toEqual(expected);
    for (let cut = 1; cut < text.length; cut++)
      expect(parse(text.slice(0, cut), text.slice(cut)).events).toEqual(expected);
    expect(parse(...text.split('')).events).toEqual(expected);
  });

  it('keeps the last id, also of a comment, until an event has another one', () => {
    const { parser } = parse('id: 1\nevent: a\ndata: x\n\n');
    expect(parser.lastEventId).toBe('1');
    parser.push('id: 2\nevent: b\n');
    expect(parser.lastEventId).toBe('1');
    parser.push('data: y\n\n');
    expect(parser.lastEventId).toBe('2');
    parser.push(':\nid: 9\n\n');
    expect(parser.lastEventId).toBe('9');
    parser.push('data: z\n\nid: 1\u00000\n\n');
    expect(parser.lastEventId).toBe('9');
  });

  it('says when to come back, and ignores what it does not know', () => {
    expect(parse('retry: 1500\nretry: soon\nunknown: 1\n\n').parser.retryMs).toBe(1500);
  });
});
