const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** Other texts for the same bytes, as a lenient decoder of base64url reads them. None of them is the token that was issued. */
export function respell(token: string): string[] {
  const at = alphabet.indexOf(token.at(-1) ?? '');
  // The last letter of 43 has two bits that say nothing, so three other letters are read like it.
  const alike = Array.from(alphabet).filter((_, index) => index !== at && Math.floor(index / 4) === Math.floor(at / 4));
  return [
    ...['=', '==', '!', ' ', '\n', '.', '=.'].map((more) => token + more),
    ...[' ', '='].map((more) => more + token),
    ...(token.length % 4 === 3 ? alike.map((letter) => token.slice(0, -1) + letter) : []),
    ...[token.replaceAll('-', '+').replaceAll('_', '/')].filter((text) => text !== token),
    `${token.slice(0, -2)}=${token.slice(-2)}`,
    `${token.slice(0, -2)}\n${token.slice(-2)}`,
  ];
}
