/** Folders as browsers hand them over: chosen in a dialogue, or dropped. */
import type { ChosenFolder } from "../../participant/index.ts";

/** Levels below the folder itself that are read: folders of labels, and what is in them. */
const LEVELS = 2;

/** The files of a dialogue that asked for a folder; null: nothing was chosen, or it is empty. */
export function pickedFolder(files: Iterable<File>): ChosenFolder | null {
  const found = Array.from(files, (file) => {
    const [name = "", ...path] = file.webkitRelativePath.split("/");
    return { name, path: path.join("/"), file };
  });
  const [first] = found;
  return first === undefined
    ? null
    : { name: first.name, files: found.map(({ path, file }) => ({ path, file })) };
}

/**
 * The first folder among what was dropped; null: there is none. To be called while the event lasts; what it gives rejects
 * when the folder cannot be read.
 */
export function droppedFolder(items: Iterable<DataTransferItem>): Promise<ChosenFolder> | null {
  const entries = Array.from(items, (item) => item.webkitGetAsEntry());
  const folder = entries.find((entry) => entry?.isDirectory === true);
  if (folder === undefined || folder === null) return null;
  return readFolder(folder as FileSystemDirectoryEntry);
}

async function readFolder(folder: FileSystemDirectoryEntry): Promise<ChosenFolder> {
  return { name: folder.name, files: await filesBelow(folder, "", LEVELS) };
}

async function filesBelow(
  folder: FileSystemDirectoryEntry,
  path: string,
  levels: number,
): Promise<ChosenFolder["files"]> {
  const files: ChosenFolder["files"][number][] = [];
  for (const entry of await entriesOf(folder)) {
    const own = `${path}${entry.name}`;
    if (entry.isFile) files.push({ path: own, file: await fileOf(entry as FileSystemFileEntry) });
    else if (levels > 1)
      files.push(...(await filesBelow(entry as FileSystemDirectoryEntry, `${own}/`, levels - 1)));
  }
  return files;
}

/** Browsers give some entries at a time, and none at the end. */
async function entriesOf(folder: FileSystemDirectoryEntry): Promise<readonly FileSystemEntry[]> {
  const reader = folder.createReader();
  const all: FileSystemEntry[] = [];
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => {
      reader.readEntries(resolve, reject);
    });
    if (some.length === 0) return all;
    all.push(...some);
  }
}

function fileOf(entry: FileSystemFileEntry): Promise<File> {
  return new Promise((resolve, reject) => {
    entry.file(resolve, reject);
  });
}
