import { clientStateConformance } from "@fedtune/testkit";
import { memoryClientState } from "./memory-state.ts";

clientStateConformance("memory", () => {
  const state = memoryClientState();
  return Promise.resolve({
    state,
    reopen: () => Promise.resolve(state),
    close: () => Promise.resolve(),
  });
});
