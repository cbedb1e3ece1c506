/** The process under test: a coordinator with its database and its blobs. */
import { methods } from "@fedtune/aggregators";
import { adapterKinds } from "@fedtune/core";
import { folderLister, postgresStore, startDatabase } from "@fedtune/db";
import { openFolderBlobs, readSettings, startCoordinator } from "@fedtune/server";
import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { setupOf, told } from "./problem.ts";
import type { Stats } from "./problem.ts";

const { folder, ...sizes } = told();
await coordinate();

async function coordinate(): Promise<void> {
  const database = await startDatabase({ url: null, directory: join(folder, "db") });
  const listener = { roundCommitted: ({ round }: { round: number }) => process.send?.({ round }) };
  const bytes = join(folder, "blobs");
  const coordinator = await startCoordinator({
    ...{ database, store: postgresStore(database), blobs: await openFolderBlobs(bytes) },
    ...{ lister: folderLister(bytes), blobFolder: bytes, version: "bench", servesAll: false },
    registries: { methods, kinds: adapterKinds },
    settings: readSettings({
      flags: {
        port: ["port", 0],
        connections: ["limits.maxConnections", 50_000],
        log: ["logLevel", "silent"],
      },
    }),
    prepare: () => Promise.reject(new Error("no run is made while this runs")),
  });
  // Never has enough clients: those who join it stay idle.
  await coordinator.play({ setup: setupOf("idle", 1_000_000, sizes) });
  // Begins when all of its clients are there.
  await coordinator.play({ setup: setupOf("training", sizes.training, sizes), listener });
  const delay = monitorEventLoopDelay({ resolution: 5 });
  delay.enable();
  let cpu = process.cpuUsage();
  process.on("message", (asked) => {
    if (asked === "close")
      void coordinator
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
  process.send?.({ url: coordinator.server.address.url });
}
