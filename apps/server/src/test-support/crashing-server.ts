/** A program: a coordinator of the toy run over a real database, which may die at a point; told what to do by its one argument. */
import { float32Bytes } from "@fedtune/core";
import { postgresStore, startDatabase } from "@fedtune/db";
import { nodeHash } from "@fedtune/node-ports";
import { join } from "node:path";
import { openFolderBlobs } from "../folder-blobs.ts";
import { startServer } from "../start-server.ts";
import { crashing } from "./crash-points.ts";
import type { CrashPoint } from "./crash-points.ts";
import { toySetup } from "./toy-run.ts";
import type { ToyConfig } from "./toy-run.ts";

/** What the program is told. */
export interface CrashingServer {
  readonly folder: string;
  /** Null: embedded, in the folder. */
  readonly databaseUrl: string | null;
  readonly port: number;
  readonly run: ToyConfig;
  readonly crashAt: CrashPoint | null;
}

const told = JSON.parse(process.argv[2] ?? "") as CrashingServer;
const { folder, databaseUrl, port, run, crashAt } = told;
const database = await startDatabase({ url: databaseUrl, directory: join(folder, "postgres") });
const setup = toySetup(run);
const { store, blobs } = crashing(
  { store: postgresStore(database), blobs: await openFolderBlobs(join(folder, "blobs")) },
  crashAt,
);
const evaluate = ({ round }: { round: number }) => Promise.resolve({ loss: 1 / (1 + round) });
const server = await startServer({ port, store, blobs, runs: [{ setup, evaluate }] });
process.send?.({ listening: server.address.port });
const coordinator = server.coordinator(setup.id);
const end = await coordinator.run();
const history = await store.getHistory(setup.id);
process.send?.({
  end,
  adapter: nodeHash.sha256(float32Bytes(coordinator.adapter())),
  rounds: history?.rounds.map(({ round, accepted }) => ({ round, accepted })),
  evaluations: history?.evaluations,
});
// Clients hear the end before the server goes.
await new Promise((resolve) => setTimeout(resolve, 200));
await server.close();
await database.close();
process.disconnect();
