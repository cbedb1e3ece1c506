/** The process under test: a coordinator with its database and its blobs. */
import { methods } from "@fedtune/aggregators";
import { adapterKinds } from "@fedtune/core";
import { folderLister, postgresStore, startDatabase } from "@fedtune/db";
import { openFolderBlobs, readSettings, startCoordinator } from "@fedtune/server";
import { nodeHash } from "@fedtune/node-ports";
import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { databaseMeter } from "./database-meter.ts";
import { identityOf } from "./identities.ts";
import { setupOf, told, workMeter } from "./problem.ts";
import type { Stats } from "./problem.ts";

const { folder, ...sizes } = told();
await coordinate();

async function coordinate(): Promise<void> {
  const { signed, training } = sizes;
  const database = await startDatabase({ url: sizes.database, directory: join(folder, "db") });
  const listener = { roundCommitted: ({ round }: { round: number }) => process.send?.({ round }) };
  const bytes = join(folder, "blobs");
  const blobs = await openFolderBlobs(bytes, { verify: nodeHash });
  const coordinator = await startCoordinator({
    ...{ database, store: postgresStore(database), blobs },
    ...{ lister: folderLister(bytes), blobFolder: bytes, version: "bench", servesAll: false },
    registries: { methods, kinds: adapterKinds },
    settings: readSettings({
      flags: {
        port: ["port", 0],
        connections: ["limits.maxConnections", 50_000],
        log: ["logLevel", "silent"],
        open: ["openEnrolment", !signed],
      },
    }),
    prepare: () => Promise.reject(new Error("no run is made while this runs")),
  });
  // Never has enough clients: those who join it stay idle.
  await coordinator.play({ setup: setupOf("idle", 1_000_000, sizes) });
  // Begins when all of its clients are there.
  await coordinator.play({ setup: setupOf("training", training, sizes), listener });
  if (signed) {
    const keys = Array.from({ length: training }, (_, k) => {
      const { publicKey } = identityOf(k);
      return { runId: "training", client: `training-${k}`, publicKey };
    });
    await database.prisma.clientKey.createMany({ data: keys });
  }
  const work = workMeter();
  const databaseWork = await databaseMeter(database.pool);
  const delay = monitorEventLoopDelay({ resolution: 5 });
  delay.enable();
  process.on("message", (asked) => {
    if (asked === "close")
      void coordinator
        .close()
        .then(() => database.close())
        .then(() => process.exit(0));
    if (asked !== "stats") return;
    const { rss, heapUsed } = process.memoryUsage();
    const stats: Stats = {
      delayP50Ms: delay.percentile(50) / 1e6 - 5,
      delayP99Ms: delay.percentile(99) / 1e6 - 5,
      ...work(),
      databaseCpuSeconds: databaseWork(),
      rssMiB: rss / 2 ** 20,
      heapMiB: heapUsed / 2 ** 20,
    };
    delay.reset();
    process.send?.({ stats });
  });
  process.send?.({ url: coordinator.server.address.url });
}
