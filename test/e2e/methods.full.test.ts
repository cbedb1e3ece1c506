/** Every method, twice: over real sockets with three clients, and on CLINC150 with its ten domains as clients. */
import { methods } from "@fedtune/aggregators";
import { adapterKinds } from "@fedtune/core";
import type { Method } from "@fedtune/core";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { root } from "../support/repository.ts";
import { wordRows, writeShares, writeTsv } from "./support/data.ts";
import { serve, takePart, writeConfig } from "./support/federation.ts";
import { fedtune, resultOf, workFolder } from "./support/fedtune.ts";

const folder = workFolder();
const at = (...parts: readonly string[]): string => join(folder, ...parts);
const clinc150 = join(root, "../shared/data/clinc150");
/** `FULL_METHODS=cellm,hetlora` tries these alone. */
const wanted = process.env["FULL_METHODS"]?.split(",") ?? null;
const tried = (methods as readonly Method[]).filter(
  ({ name }) => wanted === null || wanted.includes(name),
);

/** The first kind that fits the method. */
function kindFor({ claims }: Method): string {
  const kind = adapterKinds.find(({ product }) => claims.products.includes(product));
  if (kind === undefined) throw new Error("No adapter kind fits");
  return kind.name;
}

/** Ranks of the clients, where the method takes different ones. */
function ranksFor({ claims }: Method, clients: number) {
  if (claims.ranks !== "joint") return { rank: 4 };
  return { rank: 4, clientRanks: Array.from({ length: clients }, (_, k) => [4, 2, 1][k % 3] ?? 4) };
}

interface Result {
  readonly status: string;
  readonly rounds: readonly {
    readonly round: number;
    readonly accepted: number;
    readonly bytesUp: number;
    readonly training: Readonly<Record<string, number>> | null;
    readonly evaluation: Readonly<Record<string, number>> | null;
  }[];
}

/** The line with which a failed command ends. */
const errorOf = ({ stderr }: { readonly stderr: string }) => /^error.*/m.exec(stderr)?.[0];

let shares: ReturnType<typeof writeShares>;
beforeAll(() => {
  const rows = wordRows(120);
  shares = writeShares(folder, rows.slice(0, 90));
  writeTsv(at("test.tsv"), rows.slice(90));
});

describe.each(tried.map((method) => [method.name, method] as const))("%s", (name, method) => {
  it("[RE13] runs live with three clients and ends with its simulation's adapter, bit for bit", async () => {
    mkdirSync(at(name));
    const config = writeConfig(at(name), {
      method: { name },
      adapter: { kind: kindFor(method), ...ranksFor(method, 3) },
      rounds: { numRounds: 3, minAvailableClients: 3 },
      participants: ["anna", "ben", "carl"],
    });
    const served = await serve(
      ...["--config", config, "--data-dir", at(name, "data"), "--data", at("test.tsv")],
    );
    const joined = shares.clients.map((client) =>
      takePart(served, { ...client, stateDir: at(name, "state") }),
    );
    const live = await served.ended;
    expect([live.code, errorOf(live)]).toEqual([0, undefined]);
    for (const client of await Promise.all(joined.map(({ ended }) => ended)))
      expect(client.code).toBe(0);
    const simulated = await fedtune(
      ...["simulate", "--config", config, "--data", shares.all, "--partition", "by-column"],
      ...["--column", "client", "--test", at("test.tsv"), "--backend", "wasm"],
      ...["--out", at(name, "simulated"), "--json"],
    );
    expect(simulated.code).toBe(0);
    const tensors = (path: string) =>
      readFileSync(join(path, "adapter_model.safetensors")).toString("hex");
    const { adapter, rounds } = resultOf<Result & { adapter: string }>(live);
    expect(tensors(adapter)).toBe(tensors(at(name, "simulated", "adapter")));
    expect(rounds.filter(({ round }) => round > 0).map(({ accepted }) => accepted)).toEqual([
      3, 3, 3,
    ]);
  });

  it.skipIf(!existsSync(clinc150))(
    `[CI6] trains CLINC150's ten domains in simulation (skipped where ${clinc150} is missing)`,
    async () => {
      // The file names intents by their number.
      const labels = Array.from({ length: 150 }, (_, label) => String(label));
      const config = writeConfig(mkdirSync(at(`${name}-clinc150`), { recursive: true })!, {
        model: "fedtune-mini",
        task: { kind: "sequence-classification", labels },
        method: { name },
        adapter: { kind: kindFor(method), ...ranksFor(method, 10), targetModules: ["all-linear"] },
        training: { learningRate: 0.005, batchSize: 16, maxLength: 32, maxSteps: 8 },
        rounds: { numRounds: 3, minAvailableClients: 10 },
      });
      const outcome = await fedtune(
        ...["simulate", "--config", config, "--data", join(clinc150, "train.tsv")],
        ...["--partition", "by-column", "--column", "domain", "--json"],
        ...["--out", at(`${name}-clinc150`, "out")],
      );
      expect([outcome.code, errorOf(outcome)]).toEqual([0, undefined]);
      const { rounds } = resultOf<Result>(outcome);
      const losses = rounds.flatMap(({ training }) => training?.["loss"] ?? []);
      expect(losses).toHaveLength(3);
      expect(losses[2]!).toBeLessThan(losses[0]!);
    },
  );
});
