/** Remembers what was made for a key; forgets the least recently used one where it would hold more than `capacity`. */
export class BoundedCache<T> {
  private readonly entries = new Map<string, T>();

  constructor(private readonly capacity: number) {}

  /** What was made for the key, or what `make` makes of it now. Where `make` throws, nothing is remembered. */
  get(key: string, make: () => T): T {
    const value = this.entries.has(key) ? (this.entries.get(key) as T) : make();
    this.entries.delete(key);
    this.entries.set(key, value);
    if (this.entries.size > this.capacity) this.entries.delete(this.entries.keys().next().value as string);
    return value;
  }
}
