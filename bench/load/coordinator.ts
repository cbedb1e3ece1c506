/** The process under test: a coordinator with its database and its blobs. */
import { runId } from "@fedtune/core";
import { postgresStore, startDatabase } from "@fedtune/db";
import { openFolderBlobs, startServer } from "@fedtune/server";
import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { setupOf, told } from "./problem.ts";
import type { Stats } from "./problem.ts";

const { folder, ...sizes } = told();
await coordinate();

async function coordinate(): Promise<void> {
  const database = await startDatabase({ url: null, directory: join(folder, "db") });
  const listener = { roundCommitted: ({ round }: { round: number }) => process.send?.({ round }) };
  const server = await startServer({
    ...{ port: 0, store: postgresStore(database) },
    blobs: await openFolderBlobs(join(folder, "blobs")),
    limits: { maxConnections: 50_000 },
    runs: [
      // Never has enough clients: those who join it stay idle.
      { setup: setupOf("idle", 1_000_000, sizes) },
      { setup: setupOf("training", sizes.training, sizes), listener },
    ],
  });
  void server.coordinator(runId("idle")).run();
  const delay = monitorEventLoopDelay({ resolution: 5 });
  delay.enable();
  let cpu = process.cpuUsage();
  process.on("message", (asked) => {
    if (asked === "train") void server.coordinator(runId("training")).run();
    if (asked === "close")
      void server
        .close()
        .then(() => database.close())
        .then(() => process.exit(0));
    if (asked !== "stats") return;
    const { user, system } = process.cpuUsage(cpu);
    cpu = process.cpuUsage();
    const { rss, heapUsed } = process.memoryUsage();
    const stats: Stats = {
      delayP50Ms: delay.percentile(50) / 1e6 - 5,
      delayP99Ms: delay.percentile(99) / 1e6 - 5,
      cpuSeconds: (user + system) / 1e6,
      rssMiB: rss / 2 ** 20,
      heapMiB: heapUsed / 2 ** 20,
    };
    delay.reset();
    process.send?.({ stats });
  });
  process.send?.({ url: server.address.url });
}
