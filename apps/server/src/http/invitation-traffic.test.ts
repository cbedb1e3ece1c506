/** What invitations announce, against what a simulated run of each method counts. */
import { combiners, methods } from "@fedtune/aggregators";
import { adapterKinds, prepareRun, resolveRun, runId } from "@fedtune/core";
import type { Method, Registries, RunSetup } from "@fedtune/core";
import { simulate } from "@fedtune/simulation";
import { nodeHash, toyData, toyTrainer } from "@fedtune/testkit";
import { describe, expect, it } from "vitest";
import { layout, modules, toyConfig } from "../test-support/toy-run.ts";
import { trafficOf } from "./invitation-traffic.ts";

const registries: Registries = { methods, combiners, kinds: adapterKinds };
const names = ["ada", "bob", "eve", "zoe"];
const clients = names.length;
const rounds = { numRounds: 4, minFitClients: clients, minAvailableClients: clients };
const evaluation = { everyRounds: 0 };

const configOf = (name: string, more: object = {}) => ({
  ...toyConfig({ rounds, method: { name } }),
  ...{ evaluation, participants: names, ...more },
});

function setupOf(config: object): RunSetup {
  const resolved = resolveRun(config, registries, nodeHash);
  return prepareRun(runId("toy"), resolved, {
    describe: () => ({ layout, modules }),
    hash: nodeHash,
  });
}

/** Bytes of every round, per client. */
async function counted(config: object) {
  const { history, end } = await simulate(config, {
    registries,
    describe: () => ({ layout, modules }),
    clients: names.map((name, k) => ({ name, data: toyData(k, 10 + k) })),
    trainer: toyTrainer(layout),
    evaluate: null,
    hash: nodeHash,
    settle: () => new Promise((resolve) => setImmediate(resolve)),
  });
  expect(end.status).toBe("completed");
  return history.rounds.map(({ traffic }) => ({
    up: traffic.bytesUp / clients,
    down: traffic.bytesDown / clients,
  }));
}

/** Methods whose products fit the toy's factors. */
const fitting = (methods as readonly Method[]).filter(({ claims }) =>
  claims.products.includes("BA"),
);

describe("what an invitation says will travel", () => {
  it.each(fitting.map(({ name }) => name))(
    "[RE15] with %s is what a run then counts",
    async (name) => {
      const config = configOf(name);
      const { bytes } = trafficOf(setupOf(config));
      const all = await counted(config);
      const most = (of: (round: (typeof all)[number]) => number) => Math.max(...all.map(of));
      const isSparse = setupOf(config).resolved.method.name === "cellm";
      // A sparse message is announced at its longest; of the others every byte is known.
      if (isSparse) {
        expect(bytes.upPerRound).toBeGreaterThanOrEqual(most(({ up }) => up));
      } else {
        expect(bytes.upPerRound).toBe(most(({ up }) => up));
        expect(bytes.downPerRound).toBe(most(({ down }) => down));
      }
    },
  );

  it("[WP6] counts what stays, and half the bytes for half the precision", () => {
    const { numbers } = trafficOf(setupOf(configOf("fedsa-lora", { head: "personal" })));
    expect(numbers).toEqual({ leaves: 20, stays: 16 + 12, comes: 20 });
    const { bytes } = trafficOf(setupOf(configOf("fedavg", { update: { codec: "f16" } })));
    expect(bytes).toEqual({ upPerRound: 48 + 2 * 48, downPerRound: 48 + 4 * 48 });
  });
});
