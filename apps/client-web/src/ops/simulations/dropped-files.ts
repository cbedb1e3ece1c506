/** Files that were dropped or chosen, with the folders that they lay in. */

/** A file and where it lay. */
export interface DroppedFile {
  readonly path: string;
  readonly file: File;
}

/** More than this is not a folder of a simulation. */
const mostFiles = 10_000;

async function entriesOf(folder: FileSystemDirectoryEntry): Promise<readonly FileSystemEntry[]> {
  const reader = folder.createReader();
  const all: FileSystemEntry[] = [];
  // A reader hands out a hundred at a time, and nothing at its end.
  for (;;) {
    const some = await new Promise<readonly FileSystemEntry[]>((resolve, reject) => {
      reader.readEntries(resolve, reject);
    });
    if (some.length === 0 || all.length > mostFiles) return all;
    all.push(...some);
  }
}

async function filesUnder(entry: FileSystemEntry): Promise<readonly DroppedFile[]> {
  const path = entry.fullPath.replace(/^\//, "");
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) => {
      (entry as FileSystemFileEntry).file(resolve, reject);
    });
    return [{ path, file }];
  }
  const inner = await entriesOf(entry as FileSystemDirectoryEntry);
  return (await Promise.all(inner.map(filesUnder))).flat();
}

/** All files of a drop, those in its folders included. */
export async function filesOfDrop({ items, files }: DataTransfer): Promise<readonly DroppedFile[]> {
  // Entries are there only during the event: all are asked for before the first wait.
  const entries = [...items].flatMap((item) => item.webkitGetAsEntry() ?? []);
  if (entries.length === 0) return filesOfInput(files);
  return (await Promise.all(entries.map(filesUnder))).flat();
}

/** Files of an input. */
export function filesOfInput(files: FileList | null): readonly DroppedFile[] {
  return [...(files ?? [])].map((file) => ({
    file,
    path: file.webkitRelativePath === "" ? file.name : file.webkitRelativePath,
  }));
}
