/** Returns a function that makes one value per object on first use, and keeps it as long as the object exists. */
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
