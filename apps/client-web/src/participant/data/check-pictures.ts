/**
 * A look at a folder of pictures before anything is done with it: each is decoded as training will decode it, what is
 * wrong is said at once, and what training will read is gathered on the way.
 *
 * As on the command line the folders in the chosen one are labels; what lies beside them, deeper, or is hidden is left
 * alone.
 */
import { asFedtuneError, utf8 } from "@fedtune/core";
import { packPictures } from "../../training/picture-pack.ts";
import type { PackedPicture } from "../../training/picture-pack.ts";
import type { BrokenPicture, FileFacts, FileProblem, Thumbnail } from "../file-report.ts";
import { runningHash } from "../platform/hash.ts";
import { problemOf } from "../problem.ts";
import type { CheckControl } from "./check-file.ts";
import type { CheckedFile, ChosenFolder, FileChoices, WantedData } from "./choices.ts";
import { labelTally } from "./label-tally.ts";
import type { LabelTally } from "./label-tally.ts";

/** Opens a picture as training will, and gives a small one where that is wanted; rejects for what is none. */
export type LookAtPicture = (
  bytes: Uint8Array,
  wants: { readonly thumbnail: boolean },
) => Promise<Blob | null>;

/** What a look is made with. */
export interface PictureControl extends CheckControl {
  readonly look: LookAtPicture;
}

const pictureEnding = /\.(png|jpe?g|webp)$/i;
/** What file managers leave in folders. */
const ofNoInterest = /^(thumbs\.db|desktop\.ini)$/i;
/** Pictures that are shown, over all labels; of each label one at least, and not more than so many. */
const shown = { all: 12, ofLabel: 4 } as const;
/** Broken pictures that are told one by one. */
const MOST_BROKEN = 5;

/** A file of a folder that may be a picture. */
interface Entry {
  readonly path: string;
  readonly folder: string;
  readonly name: string;
  readonly file: Blob;
}

/** Reads all pictures. What is wrong with them is in the result; throws only when it is called off. */
export async function checkPictures(
  folder: ChosenFolder,
  task: { readonly wanted: WantedData; readonly choices: FileChoices },
  control: PictureControl,
): Promise<CheckedFile> {
  const entries = entriesOf(folder);
  const bytes = entries.reduce((sum, { file }) => sum + file.size, 0);
  const { limitBytes } = task.wanted;
  if (entries.length === 0) return only({ kind: "no-pictures", name: folder.name });
  if (bytes > limitBytes) return only({ kind: "too-large", bytes, limitBytes });
  try {
    return await readAll(entries, { ...task, name: folder.name, bytes }, control);
  } catch (error) {
    control.signal.throwIfAborted();
    return only({ kind: "unreadable", error: problemOf(asFedtuneError(error, "file-unreadable")) });
  }
}

function only(problem: FileProblem): CheckedFile {
  return { facts: null, problems: [problem], copy: null };
}

/** In the order in which training reads them: by folder, then by name. */
function entriesOf({ files }: ChosenFolder): readonly Entry[] {
  return files
    .flatMap(({ path, file }) => {
      const [folder = "", name = "", ...deeper] = path.split("/");
      const isLeftAlone =
        name === "" || deeper.length > 0 || folder.startsWith(".") || name.startsWith(".");
      return isLeftAlone || ofNoInterest.test(name) ? [] : [{ path, folder, name, file }];
    })
    .toSorted((a, b) => compare(a.folder, b.folder) || compare(a.name, b.name));
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

interface Reading {
  readonly name: string;
  readonly bytes: number;
  readonly wanted: WantedData;
  readonly choices: FileChoices;
}

/** What reading all pictures found. */
interface Found {
  readonly labels: LabelTally;
  readonly used: readonly PackedPicture[];
  readonly broken: readonly BrokenPicture[];
  readonly thumbnails: readonly Thumbnail[];
  readonly sha256: string;
}

async function readAll(
  entries: readonly Entry[],
  reading: Reading,
  control: PictureControl,
): Promise<CheckedFile> {
  const { name, bytes, wanted, choices } = reading;
  const { labels, used, broken, thumbnails, sha256 } = await lookAtAll(entries, reading, control);
  const facts: FileFacts = {
    ...{ name, bytes, sha256, format: "pictures", mapping: null, thumbnails },
    ...{ columns: [], preview: { columns: [], rows: [] } },
    ...{ rows: entries.length, usedRows: used.length, labels: labels.counts() },
    ...{ mappedLabels: choices.labels, leavesOutUnknown: choices.leavesOutUnknown },
  };
  const problems = problemsOf({ labels, used, broken }, { wanted, choices });
  return { facts, problems, copy: problems.length === 0 ? packPictures(used) : null };
}

async function lookAtAll(
  entries: readonly Entry[],
  { wanted, choices }: Reading,
  control: PictureControl,
): Promise<Found> {
  const hash = runningHash();
  const labels = labelTally(wanted.labels, choices.labels);
  const used: PackedPicture[] = [];
  const broken: BrokenPicture[] = [];
  const thumbnails: Thumbnail[] = [];
  const names = new Set<string>();
  let done = 0;
  for (const [index, { path, folder, name, file }] of entries.entries()) {
    control.signal.throwIfAborted();
    const bytes = new Uint8Array(await file.arrayBuffer());
    hash.add(utf8(`${path}\u0000${bytes.length}\u0000`));
    hash.add(bytes);
    const label = labels.read(folder, index + 1);
    if (label !== null) {
      const thumbnail = mayShow(thumbnails, label, wanted);
      const seen = await seenOf({ path, bytes }, { ...control, thumbnail });
      if ("reason" in seen) broken.push(seen);
      else used.push({ folder: label, name: freeName(names, label, name), picture: file });
      if ("picture" in seen && seen.picture !== null)
        thumbnails.push({ label, path, picture: seen.picture });
    }
    done += bytes.length;
    control.onProgress(done);
  }
  return { labels, used, broken, thumbnails, sha256: hash.digest() };
}

function mayShow(
  shownSoFar: readonly Thumbnail[],
  label: string,
  { labels }: Pick<WantedData, "labels">,
): boolean {
  const most = Math.max(1, Math.min(shown.ofLabel, Math.floor(shown.all / labels.length)));
  const ofLabel = shownSoFar.filter((one) => one.label === label).length;
  return shownSoFar.length < shown.all && ofLabel < most;
}

async function seenOf(
  { path, bytes }: { readonly path: string; readonly bytes: Uint8Array },
  { look, thumbnail }: Pick<PictureControl, "look"> & { readonly thumbnail: boolean },
): Promise<{ readonly picture: Blob | null } | BrokenPicture> {
  if (!pictureEnding.test(path)) return { path, reason: "ending" };
  return look(bytes, { thumbnail }).then(
    (picture) => ({ picture }),
    () => ({ path, reason: "content" }) as const,
  );
}

/** Two folders may count as one label: the second picture of a name gets a number before it. */
function freeName(names: Set<string>, label: string, name: string): string {
  const free = names.has(`${label}/${name}`) ? `${names.size}-${name}` : name;
  names.add(`${label}/${free}`);
  return free;
}

function problemsOf(
  { labels, used, broken }: Pick<Found, "labels" | "used" | "broken">,
  { wanted, choices }: Pick<Reading, "wanted" | "choices">,
): readonly FileProblem[] {
  const problems: FileProblem[] = [];
  if (broken.length > 0) {
    const pictures = broken.slice(0, MOST_BROKEN);
    problems.push({ kind: "pictures-broken", count: broken.length, pictures });
  }
  const unknown = labels.unknownRows();
  if (unknown > 0 && !choices.leavesOutUnknown)
    problems.push({ kind: "labels-unknown", rows: unknown, labels: labels.unknown() });
  const least = Math.max(1, wanted.minimumExamples);
  if (used.length < least)
    problems.push({ kind: "too-few-rows", rows: used.length, wanted: least });
  return problems;
}
