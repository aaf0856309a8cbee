/** Why a value cannot be sent; null when it can, or when `JSON.stringify` itself refuses it. */
function faultOf(value: unknown): string | null {
  if (typeof value === 'number' && !Number.isFinite(value)) return `is ${value}, which JSON cannot express`;
  if (value instanceof Date && Number.isNaN(value.getTime())) return 'is an invalid date';
  return null;
}

/** The first fault in a value, with the path that leads to it. */
function findFault(value: unknown, path: string, within: readonly object[]): string | null {
  const fault = faultOf(value);
  if (fault !== null) return `${path || 'The input'} ${fault}.`;
  if (typeof value !== 'object' || value === null || within.includes(value)) return null;
  for (const [name, member] of Object.entries(value)) {
    const step = Array.isArray(value) ? `[${name}]` : `${path && '.'}${name}`;
    const found = findFault(member, path + step, [...within, value]);
    if (found !== null) return found;
  }
  return null;
}

/**
 * Refuses numbers and dates that JSON would silently turn into null, which clears a field.
 * @param operation the operationId
 * @throws TypeError with the path of the field
 */
export function checkInput(operation: string, input: unknown): void {
  const fault = findFault(input, '', []);
  if (fault !== null) throw new TypeError(`${operation}: ${fault}`);
}
