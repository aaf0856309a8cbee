import { isUtf8 } from 'node:buffer';
import { malformedJson } from '../errors.ts';

/**
 * Parses a body. Here rather than in a content-type parser, because who sent it is asked first.
 * @throws `validation_failed` at `/body`
 */
export function parseJson(body: Buffer): unknown {
  if (!isUtf8(body)) throw malformedJson('/body', 'It is not UTF-8.');
  try {
    return JSON.parse(body.toString());
  } catch {
    throw malformedJson('/body', 'It is not valid JSON.');
  }
}
