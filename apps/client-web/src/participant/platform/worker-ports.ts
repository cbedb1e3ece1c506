/** The browser as a desk sees it, from a worker. */
import { createBrowserTrainer } from "../../training/browser-trainer.ts";
import { deleteKeptFiles } from "../../training/kept-files.ts";
import type { DeskPorts } from "../desk/desk-ports.ts";
import { plainFetch } from "../session/counted-fetch.ts";
import { openDatabase } from "../storage/database.ts";
import type { MissingFeature } from "../types.ts";
import { browserName } from "./browser-name.ts";
import { browserClock } from "./clock.ts";
import { browserEntropy } from "./entropy.ts";
import { browserHash } from "./hash.ts";

/** This worker's browser. */
export function workerPorts(): DeskPorts {
  return {
    missing: missingFeatures,
    openDatabase,
    ...{ hash: browserHash, clock: browserClock, entropy: browserEntropy },
    wallTime: () => Date.now(),
    locks: navigator.locks,
    openLine(name, hear) {
      const channel = new BroadcastChannel(name);
      channel.onmessage = ({ data }: MessageEvent<unknown>) => {
        hear(data);
      };
      return {
        post(message) {
          channel.postMessage(message);
        },
        close() {
          channel.close();
        },
      };
    },
    fetch: plainFetch,
    connector: async () => (await import("@fedtune/client")).socketTransport,
    createTrainer: createBrowserTrainer,
    pictureLook: async () => (await import("./look-at-picture.ts")).lookAtPicture,
    storage: { freeBytes },
    models: { bytes: modelBytes, deleteAll: deleteKeptFiles },
    device: {
      browser: browserName(navigator),
      memory: (navigator as { readonly deviceMemory?: number }).deviceMemory,
    },
    isOnline: () => navigator.onLine,
  };
}

/** What taking part needs and this browser lacks. */
async function missingFeatures(): Promise<readonly MissingFeature[]> {
  if (!isSecureContext) return ["secure-context"];
  const there: Readonly<Partial<Record<MissingFeature, boolean>>> = {
    workers: typeof Worker === "function",
    "indexed-db": typeof indexedDB === "object",
    "web-locks": "locks" in navigator && typeof BroadcastChannel === "function",
    "web-assembly": typeof WebAssembly === "object",
    ed25519: await hasEd25519(),
  };
  return Object.entries(there)
    .filter(([, isThere]) => !isThere)
    .map(([feature]) => feature as MissingFeature);
}

function hasEd25519(): Promise<boolean> {
  return crypto.subtle.generateKey({ name: "Ed25519" }, false, ["sign", "verify"]).then(
    () => true,
    () => false,
  );
}

async function freeBytes(): Promise<number | null> {
  const { quota, usage = 0 } = await navigator.storage
    .estimate()
    .catch((): StorageEstimate => ({}));
  return quota === undefined ? null : Math.max(0, quota - usage);
}

/** Of the engine's folder; 0 where the browser has none. */
async function modelBytes(): Promise<number> {
  try {
    const root = await navigator.storage.getDirectory();
    return await folderBytes(await root.getDirectoryHandle("models"));
  } catch {
    return 0;
  }
}

async function folderBytes(folder: FileSystemDirectoryHandle): Promise<number> {
  let bytes = 0;
  for await (const handle of folder.values()) {
    if (handle instanceof FileSystemFileHandle) bytes += (await handle.getFile()).size;
  }
  return bytes;
}
