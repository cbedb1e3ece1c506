import { FedtuneError, memoryBlobs, runId, virtualClock } from "@fedtune/core";
import type { Coordinator, RoundEvent, RunEnd, RunId, VirtualClock } from "@fedtune/core";
import { describe, expect, it } from "vitest";
import { runLine } from "../run-line.ts";
import { openBus } from "./bus.ts";
import { joinCluster } from "./cluster.ts";
import { memoryLeases } from "./test-support/memory-leases.ts";
import type { MemoryLeases } from "./test-support/memory-leases.ts";
import { memoryWires } from "./wire.ts";
import type { WireHub } from "./wire.ts";

const leaseMs = 900;
const run = runId("r");
const tick = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A coordinator that does nothing until it is told how to end. */
function idleCoordinator() {
  let settle = (_end: RunEnd): void => undefined;
  const done = new Promise<RunEnd>((resolve) => (settle = resolve));
  const coordinator = {
    run: () => done,
    post(event: RoundEvent) {
      if (event.type === "broken")
        settle({ status: "failed", failure: { code: event.code, message: event.message } });
    },
  } as Coordinator;
  return { coordinator, end: settle };
}

interface World {
  readonly clock: VirtualClock;
  readonly wires: WireHub;
  readonly leases: MemoryLeases;
  pass(ms: number): Promise<void>;
}

function world(): World {
  const clock = virtualClock(tick);
  return {
    ...{ clock, wires: memoryWires(), leases: memoryLeases(clock, [run]) },
    async pass(ms) {
      let isOver = false;
      clock.after(ms, () => (isOver = true));
      while (!isOver) {
        clock.advance();
        for (let i = 0; i < 5; i++) await tick();
      }
    },
  };
}

function process({ clock, wires, leases }: World, self: string) {
  const opened: ReturnType<typeof idleCoordinator>[] = [];
  const log: string[] = [];
  const table = leases.table(self);
  const state = { refuses: false };
  const failed = (what: string): void => void log.push(`failed: ${what}`);
  const cluster = joinCluster({
    ...{ table, clock, leaseMs, blobs: memoryBlobs(), failed },
    bus: openBus({ wire: wires.wire(self), clock, failed: () => failed("a message") }),
    hub: {
      add: (id: RunId, maxUploadBytes: number) =>
        runLine(id, { maxUploadBytes, closed: () => undefined }),
    },
    open: async (id) => {
      if (state.refuses) throw new FedtuneError("model-invalid", "no such model here");
      cluster.relay.add(id, 1);
      const one = idleCoordinator();
      opened.push(one);
      return one.coordinator;
    },
    ended: (_id, { status, failure }) => log.push(failure?.code ?? status),
  });
  return { cluster, opened, log, table, state };
}

describe("a cluster", () => {
  it("[OP5] plays a run once, and lets it go when it is over", async () => {
    const w = world();
    const [ada, bob] = [process(w, "ada"), process(w, "bob")];
    await ada.cluster.start();
    await bob.cluster.start();
    await w.pass(5 * leaseMs);
    expect([ada.opened.length, bob.opened.length]).toEqual([1, 0]);
    ada.opened[0]!.end({ status: "completed", failure: null });
    await tick();
    expect(ada.log).toEqual(["completed"]);
    expect(w.leases.ownerOf(run)).toBeNull();
    await Promise.all([ada.cluster.close(), bob.cluster.close()]);
  });

  it("[OP5] a run that cannot be opened at one process is another's", async () => {
    const w = world();
    const [ada, bob] = [process(w, "ada"), process(w, "bob")];
    ada.state.refuses = true;
    await ada.cluster.start();
    await w.pass(10);
    expect(ada.log).toEqual([`failed: run "${run}"`]);
    await bob.cluster.start();
    await w.pass(leaseMs);
    expect(w.leases.ownerOf(run)).toBe("bob");
    await Promise.all([ada.cluster.close(), bob.cluster.close()]);
  });

  it("[OP5] a database that is away for long stops a run, which goes on when it is back", async () => {
    const w = world();
    const ada = process(w, "ada");
    await ada.cluster.start();
    ada.table.fault = new FedtuneError("storage-failed", "away");
    await w.pass(2 * leaseMs);
    expect(ada.log).toContain("stale-epoch");
    ada.table.fault = null;
    await w.pass(2 * leaseMs);
    expect(ada.opened).toHaveLength(2);
    expect(w.leases.ownerOf(run)).toBe("ada");
    await ada.cluster.close();
  });

  it("[OP2] [OP5] one that leaves takes nothing more, and gives back what it has at once", async () => {
    const w = world();
    const [ada, bob] = [process(w, "ada"), process(w, "bob")];
    await ada.cluster.start();
    await bob.cluster.start();
    ada.cluster.drain();
    await w.pass(3 * leaseMs);
    expect(w.leases.ownerOf(run)).toBe("ada");
    await ada.cluster.close();
    expect(ada.log).toEqual(["stale-epoch"]);
    expect(w.leases.ownerOf(run)).toBeNull();
    await w.pass(leaseMs);
    expect(w.leases.ownerOf(run)).toBe("bob");
    await bob.cluster.close();
  });

  it("[OP5] has one name for its process", () => {
    const w = world();
    const table = w.leases.table("other");
    const bus = openBus({ wire: w.wires.wire("self"), clock: w.clock, failed: () => undefined });
    const rest = { hub: { add: () => null as never }, open: async () => null as never };
    expect(() =>
      joinCluster({
        ...{ bus, table, ...rest, blobs: memoryBlobs(), clock: w.clock, leaseMs },
        ...{ ended: () => undefined, failed: () => undefined },
      }),
    ).toThrow(RangeError);
  });
});
