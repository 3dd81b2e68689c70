/** `?, ?, ?`: a mark for each value. An empty list has no SQL: its caller answers without asking. */
export function marks(values: readonly unknown[]): string {
  return values.map(() => '?').join(', ');
}

/** The list cut into parts of at most so many. */
export function chunks<Item>(items: readonly Item[], size: number): Item[][] {
  const parts: Item[][] = [];
  for (let at = 0; at < items.length; at += size) parts.push(items.slice(at, at + size));
  return parts;
}
