import { wireConformance } from "./test-support/wire-conformance.ts";
import { memoryWires } from "./wire.ts";

wireConformance("a wire in memory", {
  async start() {
    const hub = memoryWires();
    return { open: async (self) => hub.wire(self), close: async () => undefined };
  },
  hasCuts: false,
  service: null,
});
