import type { LedgerStore } from "./privacy-guard.ts";

/** A ledger that lasts as long as its process: simulations and tests. */
export function memoryLedger(): LedgerStore {
  let text: string | null = null;
  let last: Promise<void> = Promise.resolve();
  return {
    load: () => Promise.resolve(text),
    append(more) {
      text = (text ?? "") + more;
      return Promise.resolve();
    },
    exclusive(work) {
      const mine = last.then(work, work);
      last = mine.catch(() => undefined);
      return mine;
    },
  };
}
