/** Values that one side puts and the other awaits, in order; how tests wait without sleeping. */
export interface Mailbox<T> {
  put(value: T): void;
  take(): Promise<T>;
  /** What has been put and not taken. */
  readonly waiting: readonly T[];
}

/** Makes an empty mailbox. */
export function mailbox<T>(): Mailbox<T> {
  const values: T[] = [];
  const takers: ((value: T) => void)[] = [];
  return {
    put(value) {
      const taker = takers.shift();
      if (taker === undefined) values.push(value);
      else taker(value);
    },
    take() {
      const [first] = values;
      if (values.length === 0) return new Promise((resolve) => takers.push(resolve));
      values.shift();
      return Promise.resolve(first as T);
    },
    waiting: values,
  };
}
