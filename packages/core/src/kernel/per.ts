/** Makes a value for an object when it is first asked for, and keeps it for as long as the object lives. */
export function onePer<Key extends object, Value extends object>(make: () => Value): (key: Key) => Value {
  const made = new WeakMap<Key, Value>();
  return (key) => {
    const known = made.get(key);
    if (known) return known;
    const value = make();
    made.set(key, value);
    return value;
  };
}
