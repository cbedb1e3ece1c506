/** What a coordinator process stands on: its database and its blobs. */
import { FedtuneError } from "@fedtune/core";
import type { Blobs, Store } from "@fedtune/core";
import { folderLister, postgresStore, startDatabase } from "@fedtune/db";
import type { BlobLister, StartedDatabase } from "@fedtune/db";
import { nodeClock, nodeEntropy, nodeHash } from "@fedtune/node-ports";
import { blobPlace, openFolderBlobs, openS3Blobs } from "@fedtune/server";
import type { ServerSettings } from "@fedtune/server";
import { join } from "node:path";

/** Where things are kept. */
export type PlatformSettings = Pick<
  ServerSettings,
  "dataDir" | "databaseUrl" | "blobUrl" | "connections"
>;

/** An open database and open blobs. */
export interface Platform {
  readonly database: StartedDatabase;
  readonly store: Store;
  /** The bytes alone; a coordinator records them. */
  readonly blobs: Blobs;
  readonly lister: BlobLister;
  /** The folder that `blobs` keeps its files in; null: they are in a bucket. */
  readonly blobFolder: string | null;
  close(): Promise<void>;
}

/** Opens and migrates the database, and opens the blobs. */
export async function openPlatform(settings: PlatformSettings): Promise<Platform> {
  const { dataDir, databaseUrl, connections } = settings;
  const directory = join(dataDir, "postgres");
  const database = await startDatabase({ url: databaseUrl, directory, connections });
  try {
    const opened = await openBlobs(settings);
    const store = postgresStore(database);
    return { ...opened, database, store, close: () => database.close() };
  } catch (error) {
    await database.close();
    throw error;
  }
}

async function openBlobs({
  blobUrl,
  dataDir,
}: PlatformSettings): Promise<Pick<Platform, "blobs" | "lister" | "blobFolder">> {
  const place =
    blobUrl === null
      ? ({ kind: "file", directory: join(dataDir, "blobs") } as const)
      : blobPlace(blobUrl);
  if (place.kind === "file") {
    const folder = place.directory;
    const blobs = await openFolderBlobs(folder, { verify: nodeHash });
    return { blobs, lister: folderLister(folder), blobFolder: folder };
  }
  const accessKeyId = process.env["AWS_ACCESS_KEY_ID"] ?? "";
  const secretAccessKey = process.env["AWS_SECRET_ACCESS_KEY"] ?? "";
  if (accessKeyId === "" || secretAccessKey === "") {
    const message =
      "Cannot keep blobs in a bucket: wanted AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the environment";
    throw new FedtuneError("config-invalid", message);
  }
  const ports = { hash: nodeHash, clock: nodeClock, entropy: nodeEntropy };
  const bucket = openS3Blobs({ place, accessKeyId, secretAccessKey, ...ports });
  return { blobs: bucket, lister: bucket, blobFolder: null };
}
