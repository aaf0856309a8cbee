/** Each value once, in the order in which the values come first. */
export const unique = <Value>(values: Iterable<Value>): Value[] => [...new Set(values)];
