/** The engine over a run's base model, opened when it is needed first. */
import { modelFilePath } from "@fedtune/api";
import type { DataRef } from "@fedtune/core";
import { fileData, imageData } from "@fedtune/training";
import type { BrowserTrainer, EngineProgress } from "../../training/types.ts";
import { copyReference } from "../data/used-rows.ts";
import type { Effort } from "../device-report.ts";
import type { FileFacts } from "../file-report.ts";
import { membershipOf, roadOf, tell } from "./desk.ts";
import type { Desk } from "./desk.ts";
import { signed } from "./signing.ts";

/** Under which the engine finds the used rows. */
const ROWS_PATH = "rows.jsonl";
/** The same of pictures. */
const PICTURES_PATH = "pictures";

/** Share of the time that is spent computing. */
const shares: Readonly<Record<Effort, number>> = { gentle: 0.25, normal: 0.5, full: 1 };

/** The engine; opening it loads nothing yet. */
export function engineOf(desk: Desk): BrowserTrainer {
  const road = roadOf(desk);
  road.trainer ??= openEngine(desk);
  road.trainer.setPace(shares[desk.get().settings.effort]);
  return road.trainer;
}

/** Changes how hard it works. */
export function paceEngine({ road }: Desk, effort: Effort): void {
  road?.trainer?.setPace(shares[effort]);
}

/** Ends it; the next use opens it anew. */
export async function closeEngine({ road }: Desk): Promise<void> {
  const trainer = road?.trainer ?? null;
  if (road !== null) road.trainer = null;
  await trainer?.close();
}

function openEngine(desk: Desk): BrowserTrainer {
  const { run, server } = roadOf(desk).place;
  const { model } = membershipOf(desk).invitation;
  const { backend } = desk.get().settings;
  const pathOf = (file: (typeof model.files)[number]): string => modelFilePath(run, file);
  return desk.ports.createTrainer({
    model: model.files.map((file) => ({ ...file, url: server + pathOf(file) })),
    backend: backend ?? "auto",
    authorize: async ({ name, hash }) =>
      signed(desk, { method: "GET", path: modelFilePath(run, { name, hash }) }),
    onProgress: progressTeller(desk),
  });
}

/** Tells how far the download is, and of its bytes once it is complete. */
function progressTeller(desk: Desk): (progress: EngineProgress) => void {
  const began = desk.ports.wallTime();
  let fetched = 0;
  return (progress) => {
    if (progress.phase === "model") {
      fetched = progress.fetchedBytes;
      const { loadedBytes: doneBytes, totalBytes } = progress;
      show(desk, { kind: "checking", step: "download", doneBytes, totalBytes });
      return;
    }
    if (fetched > 0) tellModel(desk, fetched, began);
    fetched = 0;
    const step = progress.phase === "backend" ? "backend" : "speed";
    show(desk, { kind: "checking", step, doneBytes: null, totalBytes: null });
  };
}

type Checking = Extract<ReturnType<Desk["get"]>["device"], { readonly kind: "checking" }>;

/** Only a check is shown: what is loaded again for training is not. */
function show(desk: Desk, device: Checking): void {
  if (desk.get().device.kind === "checking") desk.set({ device });
}

function tellModel(desk: Desk, bytes: number, began: number): void {
  const at = desk.ports.wallTime();
  const facts = { direction: "down", what: "model", round: null, isComplete: true } as const;
  tell(desk, {
    type: "transfer",
    transfer: { ...facts, at, bytes, seconds: (at - began) / 1000 },
  });
}

/** Hands the used rows to the engine and gives the reference by which jobs name them. */
export function giveRows(
  trainer: BrowserTrainer,
  { facts, blob }: { readonly facts: FileFacts; readonly blob: Blob },
): DataRef {
  if (facts.format === "pictures") {
    trainer.setFile(PICTURES_PATH, blob);
    return imageData({ kind: "images", path: PICTURES_PATH, format: "folder" });
  }
  trainer.setFile(ROWS_PATH, blob);
  return fileData(copyReference(ROWS_PATH, facts.mapping ?? {}));
}
