/** Clients that are connected and wait; some of them ask now and then, which is timed. */
import { clientId, encodeMessage, parseServerMessage, protocolVersion, runId } from "@fedtune/core";
import { told } from "./problem.ts";
import { transportTo } from "./transport.ts";

/** Clients that ask, and how often. */
const PROBES = 20;
const PROBE_MS = 200;

const { url, idle, first, count } = told();
await stayIdle();

/** Connects without a session: says hello and join once, then a hello now and then, whose answer is timed. */
async function stayIdle(): Promise<void> {
  let times: number[] = [];
  const open = async (k: number): Promise<void> => {
    const client = clientId(`idle-${k}`);
    const run = runId("idle");
    const transport = transportTo(url);
    let since = performance.now();
    let joined = (): void => undefined;
    const welcomed = new Promise<void>((resolve) => (joined = resolve));
    const message = (text: string): void => {
      const heard = parseServerMessage(text);
      if (heard.type !== "welcome") return;
      times.push(performance.now() - since);
      const { layoutHash } = heard.spec;
      transport.send(encodeMessage({ type: "join", run, layoutHash, holds: null, pending: null }));
      joined();
    };
    const events = { message, disconnected: () => undefined, reconnected: () => undefined };
    await transport.open(events, new AbortController().signal);
    const hello = (): void => {
      since = performance.now();
      const software = "bench";
      transport.send(
        encodeMessage({ type: "hello", protocol: protocolVersion, run, client, software }),
      );
    };
    hello();
    await welcomed;
    if (k % Math.ceil(idle / PROBES) === 0) setInterval(hello, PROBE_MS);
  };
  for (let k = first; k < first + count; k += 25) {
    await Promise.all(
      Array.from({ length: Math.min(25, first + count - k) }, (_, i) => open(k + i)),
    );
  }
  process.on("message", () => {
    process.send?.({ times });
    times = [];
  });
  process.send?.({ ready: true });
}
