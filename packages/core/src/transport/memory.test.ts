import { nodeHash, transportConformance } from "@fedtune/testkit";
import { runId } from "../ids.ts";
import { memoryNetwork } from "./memory.ts";

transportConformance("memory", () => {
  // Whatever is to happen later happens at the next turn of the event loop.
  const clock = {
    now: () => 0,
    after: (_ms: number, callback: () => void) => {
      const turn = setImmediate(callback);
      return () => {
        clearImmediate(turn);
      };
    },
  };
  const network = memoryNetwork({ clock, verify: nodeHash });
  return Promise.resolve({
    run: runId("suite"),
    server: network.server,
    client: (name) => network.client(name),
    cut: (name) => {
      network.cut(name);
    },
    close: () => network.server.close(),
  });
});
