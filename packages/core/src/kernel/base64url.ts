/**
 * Reads base64url in the one spelling that we write. Node's decoder also accepts padding, other alphabets, foreign letters and unused bits,
 * so one token would have many spellings.
 * @returns null for any other text
 */
export function fromBase64url(text: string): Buffer | null {
  const bytes = Buffer.from(text, 'base64url');
  return bytes.toString('base64url') === text ? bytes : null;
}
