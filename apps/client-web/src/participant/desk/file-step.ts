/** Step 2: the data file. */
import { FedtuneError } from "@fedtune/core";
import { noChoices } from "../data/choices.ts";
import type { CheckControl } from "../data/check-file.ts";
import type { CheckedFile, ChosenFolder, FileChoices, WantedData } from "../data/choices.ts";
import { sourceOf } from "../data/source.ts";
import type { ColumnMapping, FileFacts } from "../file-report.ts";
import { problemOf } from "../problem.ts";
import { copyKey, dropCopies, readCopy, writeCopy } from "../storage/copies.ts";
import { readMemberships } from "../storage/memberships.ts";
import { changeMembership, membershipOf, roadOf, storeOf } from "./desk.ts";
import type { Desk } from "./desk.ts";
import { loaded } from "./loading.ts";
import { countPrivacy } from "./privacy-count.ts";

/** Beyond it reading takes minutes, and the command line does better; pictures are scaled down as they are read. */
const MOST_BYTES = { rows: 384_000_000, pictures: 2_000_000_000 } as const;
/** Between two words about how far reading is. */
const PROGRESS_MS = 100;

/** Reads a file, and keeps a copy of what training needs of it. */
export async function chooseFile(desk: Desk, file: File): Promise<void> {
  roadOf(desk).source = file;
  await look(desk, noChoices);
}

/** Reads a folder of pictures, and keeps a copy of those that training needs. */
export async function chooseFolder(desk: Desk, folder: ChosenFolder): Promise<void> {
  roadOf(desk).source = folder;
  await look(desk, noChoices);
}

/** Takes columns for what they hold. */
export function mapColumns(desk: Desk, mapping: ColumnMapping): Promise<void> {
  return look(desk, { ...choicesOf(desk), mapping });
}

/** Takes labels of the file for labels of the run; a label that maps to itself is mapped no more. */
export function mapLabels(desk: Desk, labels: Readonly<Record<string, string>>): Promise<void> {
  const known = choicesOf(desk);
  return look(desk, { ...known, labels: { ...known.labels, ...labels } });
}

/** Leaves rows out whose label the run does not know. */
export function leaveOutRows(desk: Desk): Promise<void> {
  return look(desk, { ...choicesOf(desk), leavesOutUnknown: true });
}

function choicesOf(desk: Desk): FileChoices {
  const { file } = desk.get();
  const facts = file.kind === "problem" || file.kind === "usable" ? file.facts : null;
  if (facts === null) return noChoices;
  const { mapping, mappedLabels: labels, leavesOutUnknown } = facts;
  return { mapping, labels, leavesOutUnknown };
}

/** One look at a time: another one, or another file, ends it. */
async function look(desk: Desk, choices: FileChoices): Promise<void> {
  const road = roadOf(desk);
  const { source } = road;
  if (source === null) throw fileGone();
  mayChange(desk);
  road.busy?.abort(new FedtuneError("cancelled", "Another file was chosen"));
  const busy = new AbortController();
  road.busy = busy;
  const { name } = source;
  const bytes = bytesOf(source);
  desk.set({ file: { kind: "reading", name, bytes, doneBytes: 0 }, privacy: null });
  let saidAt = desk.ports.wallTime();
  const task = { wanted: await wantedOf(desk), choices };
  const found = await check(desk, source, {
    task,
    control: {
      signal: busy.signal,
      onProgress(doneBytes) {
        const now = desk.ports.wallTime();
        if (now - saidAt < PROGRESS_MS || busy.signal.aborted) return;
        saidAt = now;
        desk.set({ file: { kind: "reading", name, bytes, doneBytes } });
      },
    },
  });
  busy.signal.throwIfAborted();
  await settle(desk, { name, found, signal: busy.signal });
  road.busy = null;
}

const bytesOf = (source: File | ChosenFolder): number =>
  source instanceof File ? source.size : source.files.reduce((sum, { file }) => sum + file.size, 0);

/** Tables and pictures are different runs. */
async function check(
  desk: Desk,
  source: File | ChosenFolder,
  { task, control }: { readonly task: CheckTask; readonly control: CheckControl },
): Promise<CheckedFile> {
  const isFolder = !(source instanceof File);
  if (isFolder !== readsPictures(desk)) {
    const problem = { kind: "format-unknown", name: source.name, isFolder } as const;
    return { facts: null, problems: [problem], copy: null };
  }
  if (!isFolder) {
    const { checkFile } = await loaded(() => import("../data/check-file.ts"));
    return checkFile(sourceOf(source, source.name), task, control);
  }
  const { checkPictures } = await loaded(() => import("../data/check-pictures.ts"));
  const see = await loaded(desk.ports.pictureLook);
  return checkPictures(source, task, { ...control, look: see });
}

interface CheckTask {
  readonly wanted: WantedData;
  readonly choices: FileChoices;
}

const readsPictures = (desk: Desk): boolean =>
  membershipOf(desk).invitation.task === "image-classification";

/** A file is part of what was consented to. */
function mayChange(desk: Desk): void {
  const { step } = membershipOf(desk);
  if (step === "invited" || step === "file" || step === "device" || step === "ready") return;
  throw new FedtuneError("usage", `Cannot choose another file: this device has ${step} already`);
}

function fileGone(): FedtuneError {
  const message =
    "Cannot read the file again: this page was loaded anew; choose the file once more";
  return new FedtuneError("file-missing", message);
}

async function wantedOf(desk: Desk): Promise<WantedData> {
  const { labels, dataColumns: hints, minimumExamples, task } = membershipOf(desk).invitation;
  const free = await desk.ports.storage.freeBytes();
  // The copy may be as large as the file, and a tenth is left for everything else.
  const most = readsPictures(desk) ? MOST_BYTES.pictures : MOST_BYTES.rows;
  const limitBytes = Math.min(most, Math.floor(0.9 * (free ?? Infinity)));
  return { isLanguage: task === "causal-lm", labels, hints, minimumExamples, limitBytes };
}

interface Look {
  readonly name: string;
  readonly found: CheckedFile;
  readonly signal: AbortSignal;
}

async function settle(desk: Desk, { name, found, signal }: Look): Promise<void> {
  const { facts, problems, copy } = found;
  if (facts === null || copy === null) {
    await changeMembership(desk, { step: "file", file: null, device: null });
    desk.set({ file: { kind: "problem", name, facts, problems }, device: { kind: "none" } });
    return;
  }
  const { labels } = membershipOf(desk).invitation;
  const key = copyKey(facts, labels, desk.ports.hash);
  await writeCopy(storeOf(desk), key, copy);
  // Another run may have been opened meanwhile.
  signal.throwIfAborted();
  await changeMembership(desk, { step: "file", file: { facts, copy: key }, device: null });
  desk.set({ file: { kind: "usable", facts }, device: { kind: "none" } });
  await dropUnneeded(desk);
  await countPrivacy(desk);
}

/** Deletes copies that no run of this browser needs. */
export async function dropUnneeded(desk: Desk): Promise<void> {
  const database = storeOf(desk);
  const memberships = await readMemberships(database);
  const needed = memberships.flatMap(({ file }) => (file === null ? [] : [file.copy]));
  await dropCopies(database, new Set(needed));
}

/** The copy that training reads; null, with a problem that pages show, when it is gone. */
export async function copyOf(
  desk: Desk,
): Promise<{ readonly facts: FileFacts; readonly blob: Blob } | null> {
  const { file } = membershipOf(desk);
  const blob = file === null ? null : await readCopy(storeOf(desk), file.copy).catch(() => null);
  if (file !== null && blob !== null) return { facts: file.facts, blob };
  const name = file?.facts.name ?? "";
  desk.set({ file: { kind: "problem", name, facts: null, problems: [{ kind: "copy-lost" }] } });
  return null;
}

/** What goes wrong while a file is read is shown where the file is. */
export function showUnreadable(desk: Desk, error: FedtuneError): void {
  const { file } = desk.get();
  if (file.kind !== "reading") return;
  const problems = [{ kind: "unreadable", error: problemOf(error) }] as const;
  desk.set({ file: { kind: "problem", name: file.name, facts: null, problems } });
}
