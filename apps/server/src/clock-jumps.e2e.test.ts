/** Wall clocks that are wrong, and that jump while rounds are played: nothing of a round hangs on them. */
import { memoryClientState, runClient, socketTransport } from "@fedtune/client";
import type { Signer } from "@fedtune/client";
import { clientId, memoryStore } from "@fedtune/core";
import type { Trainer } from "@fedtune/core";
import { nodeClock, nodeEntropy, nodeHash } from "@fedtune/node-ports";
import { expectSameBits, toyData, toyTrainer } from "@fedtune/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { signedSockets, signedTransfers } from "./admission.ts";
import { trustedProxies } from "./security/client-address.ts";
import { honest, participants, rounds, simulated } from "./test-support/federation.ts";
import { securityBench, signingClient } from "./test-support/security-bench.ts";
import type { SecurityBench } from "./test-support/security-bench.ts";
import { layout, modules, toyServer, toySetup } from "./test-support/toy-run.ts";

const numRounds = 4;
const day = 86_400_000;

let bench: SecurityBench;
beforeAll(async () => {
  bench = await securityBench();
});
afterAll(() => bench.close());

/** A server that asks for signatures, by the bench's wall clock. */
async function signedServer(name: string) {
  await bench.addRun(name);
  const security = bench.open();
  const setup = toySetup({
    ...{ name, participants },
    rounds: { ...rounds, numRounds, minAvailableClients: 3 },
  });
  const server = await toyServer({
    store: memoryStore(),
    runs: [{ setup }],
    admission: signedSockets({ security, isTrusted: trustedProxies("none") }),
    extend: () => ({ transfers: signedTransfers(security) }),
  });
  const join = async (k: number, wallTime: () => number, trainer: Trainer) => {
    const client = clientId(honest[k] ?? "");
    const { identity } = await signingClient(bench, { run: setup.id, client });
    const { publicKey } = identity;
    await security.enrolments.enrol({
      ...{ run: setup.id, client, publicKey, token: null, isOpen: true },
    });
    const ports = { wallTime, entropy: nodeEntropy };
    const signer: Signer = { identity, run: setup.id, client, ports };
    const transport = socketTransport({
      ...{ url: server.address.url, clock: nodeClock, hash: nodeHash, fetch, signer },
      reconnectMs: 20,
    });
    return runClient(
      {
        ...{ transport, state: memoryClientState(), clock: nodeClock, hash: nodeHash, trainer },
        describe: () => Promise.resolve({ layout, modules }),
      },
      { client, run: setup.id, data: toyData(k, 10 + k), software: "test" },
    );
  };
  return { server, setup, join };
}

describe("a run whose clocks are wrong", () => {
  it("[SE11] ends with the bytes of an undisturbed one when the coordinator's clock jumps in every round", async () => {
    const { server, setup, join } = await signedServer("jumping");
    const jumps = [day, -2 * day, 400 * day, -30 * day];
    const coordinator = server.coordinator(setup.id);
    const end = coordinator.run();
    const toy = toyTrainer(layout);
    const jumping: Trainer = {
      ...toy,
      train(job, control) {
        bench.time.ms += jumps[(job.round - 1) % jumps.length] ?? 0;
        return toy.train(job, control);
      },
    };
    // The clients' clocks are right: it is the coordinator's that leaves them.
    const clients = [0, 1, 2].map((k) => join(k, () => Date.now(), k === 0 ? jumping : toy));
    expect(await end).toEqual({ status: "completed", failure: null });
    for (const client of clients) expect((await client).kind).toBe("finished");
    expectSameBits(coordinator.adapter(), await simulated(numRounds));
    await server.close();
  });

  it("[SE11] takes clients in whose own clocks are years behind and ahead", async () => {
    const { server, setup, join } = await signedServer("skewed");
    const coordinator = server.coordinator(setup.id);
    const end = coordinator.run();
    const clocks = [() => 0, () => Date.UTC(2040, 1, 1), () => Date.now() - 10 * 60_000];
    const clients = clocks.map((clock, k) => join(k, clock, toyTrainer(layout)));
    expect(await end).toEqual({ status: "completed", failure: null });
    for (const client of clients) expect((await client).kind).toBe("finished");
    expectSameBits(coordinator.adapter(), await simulated(numRounds));
    await server.close();
  });
});
