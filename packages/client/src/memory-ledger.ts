import { canonicalJson } from "@fedtune/core";
import type { Ledgers } from "./privacy-guard.ts";

/** Ledgers that last as long as their process: simulations and tests. */
export function memoryLedgers(): Ledgers {
  const texts = new Map<string, string>();
  let last: Promise<void> = Promise.resolve();
  return {
    open(key) {
      const name = canonicalJson(key);
      return {
        load: () => Promise.resolve(texts.get(name) ?? null),
        append(more) {
          texts.set(name, (texts.get(name) ?? "") + more);
          return Promise.resolve();
        },
      };
    },
    all: () => Promise.resolve([...texts.values()]),
    exclusive(work) {
      const mine = last.then(work, work);
      last = mine.catch(() => undefined);
      return mine;
    },
  };
}
