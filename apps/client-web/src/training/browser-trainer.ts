/** The Trainer port over a worker of this tab. */
import type { BrowserTrainer, BrowserTrainerOptions } from "./types.ts";

/** Makes a trainer; nothing is loaded before it is asked for something. The owner closes it. */
export function createBrowserTrainer(_options: BrowserTrainerOptions): BrowserTrainer {
  throw new RangeError("Cannot train in a tab yet");
}
