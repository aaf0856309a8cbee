/**
 * Parses a whole URL. `URL.parse` drops spaces around it, and tabs and ends of lines anywhere, so that what is kept would look like another
 * address than the one that is used.
 * @returns null when the text is no URL or contains white space
 */
export const parseUrl = (text: string): URL | null => (/\s/.test(text) ? null : URL.parse(text));
