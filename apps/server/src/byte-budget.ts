/** Memory that many pieces of work share: who finds it used up waits for its turn. */

/** A budget of bytes. */
export interface ByteBudget {
  /** Waits until so many bytes are free, does the work, and gives them back. Work of more than there is goes alone. */
  spend<T>(bytes: number, work: () => Promise<T>): Promise<T>;
}

/** Makes a budget; whoever came first is served first. */
export function byteBudget(limit: number): ByteBudget {
  let free = limit;
  const waiting: { readonly bytes: number; readonly go: () => void }[] = [];
  const serve = (): void => {
    for (let first = waiting[0]; first !== undefined && first.bytes <= free; first = waiting[0]) {
      free -= first.bytes;
      waiting.shift();
      first.go();
    }
  };
  return {
    async spend(wanted, work) {
      const bytes = Math.min(wanted, limit);
      await new Promise<void>((go) => {
        waiting.push({ bytes, go });
        serve();
      });
      try {
        return await work();
      } finally {
        free += bytes;
        serve();
      }
    },
  };
}
