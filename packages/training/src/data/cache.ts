/** What was read, kept while it is in use. */

/** Remembers what is made for a key. */
export interface Cache<T> {
  /** What was made for the key, or what `make` makes; a failure is not remembered. */
  get(key: string, make: () => Promise<T>): Promise<T>;
}

/** Tables held at a time; a client has one or two, a simulation few. */
const MOST = 8;

/** Opens a cache of the eight keys that were asked for last. */
export function openCache<T>(): Cache<T> {
  const kept = new Map<string, Promise<T>>();
  return {
    async get(key, make) {
      const value = kept.get(key) ?? make();
      kept.delete(key);
      kept.set(key, value);
      for (const oldest of kept.keys()) {
        if (kept.size <= MOST) break;
        kept.delete(oldest);
      }
      try {
        return await value;
      } catch (error) {
        kept.delete(key);
        throw error;
      }
    },
  };
}
