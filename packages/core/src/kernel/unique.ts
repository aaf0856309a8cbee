/** The distinct values, in the order of their first appearance. */
export const unique = <Value>(values: Iterable<Value>): Value[] => [...new Set(values)];
