/** Entry of a thread that checks updates, combines rounds and finds out what runs announce and cost, one task at a time. */
import { setImmediate } from "node:timers/promises";
import { parentPort } from "node:worker_threads";
import { combiners, methods } from "@fedtune/aggregators";
import { adapterKinds, checkBlob, combineRound, setupFromPlain } from "@fedtune/core";
import type { Blobs, Combined } from "@fedtune/core";
import { privacyRules, userLevelPrivacy } from "@fedtune/dp";
import { nodeEntropy, nodeHash } from "@fedtune/node-ports";
import { folderReader } from "../folder-blobs.ts";
import { estimated } from "../http/estimate.ts";
import { announced } from "../http/invitation-announced.ts";
import type { BlobSource, FromThread, Task, Tasks, ToThread } from "./messages.ts";
import { fromPlain, toPlain } from "./messages.ts";

const port = parentPort;
const registries = { methods, combiners, kinds: adapterKinds };

/** Settles the question for a blob that is open; one at a time. */
let answered: (message: ToThread) => void = () => undefined;

port?.on("message", (message: ToThread) => {
  if (message.type === "blob" || message.type === "no-blob") answered(message);
  else void perform(message);
});

async function perform(task: Task): Promise<void> {
  try {
    const blobs = blobsOf(task.source);
    if (task.type === "check") {
      tell({ type: "done", result: await checkBlob(blobs, task.task.hash, task.task.expected) });
      return;
    }
    if (task.type === "estimate") {
      const all = { ...registries, privacy: privacyRules };
      tell({ type: "done", result: estimated(task.task, all, nodeHash) });
      return;
    }
    if (task.type === "announce") {
      tell({ type: "done", result: announced(setupFromPlain(task.task.setup, registries)) });
      return;
    }
    const result = await combine(blobs, task.task);
    tell({ type: "done", result }, buffersOf(result));
  } catch (error) {
    tell({ type: "failed", error: toPlain(error) });
  }
}

async function combine(
  blobs: Pick<Blobs, "get">,
  { setup: plain, job }: Tasks["combine"]["task"],
): Promise<Combined> {
  const setup = setupFromPlain(plain, registries);
  const { method, methodConfig, config } = setup.resolved;
  const { state: before, ...round } = job;
  const bytes = "bytes" in before ? before.bytes : await blobs.get(before.hash);
  const state = method.decode(bytes, methodConfig, setup.context);
  const privacy = userLevelPrivacy(config, nodeEntropy);
  const on = { setup, blobs, hash: nodeHash, pause: () => setImmediate(), privacy };
  const { combined } = await combineRound(on, { ...round, state });
  return combined;
}

function blobsOf(source: BlobSource): Pick<Blobs, "get"> {
  if (source.kind === "folder")
    return folderReader(source.directory, source.verify ? { verify: nodeHash } : {});
  return {
    get: (hash) =>
      new Promise((resolve, reject) => {
        answered = (message) => {
          if (message.type === "blob") resolve(message.bytes);
          else if (message.type === "no-blob") reject(fromPlain(message.error));
        };
        tell({ type: "need", hash });
      }),
  };
}

function tell(message: FromThread, transfer: readonly ArrayBuffer[] = []): void {
  port?.postMessage(message, transfer);
}

/** What a result's bytes lie in: nobody reads them here any more, so that they need not be copied. */
function buffersOf({ state, parts, adapters }: Combined): ArrayBuffer[] {
  const all = [state.bytes, ...[...parts, ...adapters].map(({ bytes }) => bytes)];
  const buffers = all.map(({ buffer }) => buffer).filter((buffer) => buffer instanceof ArrayBuffer);
  return [...new Set(buffers)];
}
