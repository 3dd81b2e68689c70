/** Remembers one value per key. Forgets the least recently used value when it would hold more than `capacity`. */
export class BoundedCache<T> {
  private readonly entries = new Map<string, T>();

  constructor(private readonly capacity: number) {}

  /** The remembered value, or else the result of `make`. Remembers nothing when `make` throws. */
  get(key: string, make: () => T): T {
    const value = this.entries.has(key) ? (this.entries.get(key) as T) : make();
    this.entries.delete(key);
    this.entries.set(key, value);
    if (this.entries.size > this.capacity) this.entries.delete(this.entries.keys().next().value as string);
    return value;
  }
}
