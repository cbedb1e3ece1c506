/** Packs of pictures as the training layer's folders, beside the files that it reads. */
import { FedtuneError } from "@fedtune/core";
import type { FileSource, ImagePlatform } from "@fedtune/training";
import { tooLarge, unreadable } from "./blob-files.ts";
import { openPack } from "./picture-pack.ts";

/** Where pictures are read from. */
export interface PictureFiles {
  readonly files: FileSource;
  readonly list: ImagePlatform["list"];
}

/** What is read. */
export interface PictureFilesOptions {
  /** Files and packs by path; a pack is a folder with a folder for each label. */
  readonly blobs: ReadonlyMap<string, Blob>;
  /** Reads the files among them. */
  readonly plain: FileSource;
  /** The most pictures that a pack may have: in the size of the model they stay in memory. */
  readonly mostPictures: number;
}

interface Pack {
  /** Names by folder. */
  readonly folders: ReadonlyMap<string, readonly string[]>;
  /** By folder and name, with a slash between. */
  readonly pictures: ReadonlyMap<string, Blob>;
}

/** Reads them. A pack that has too many pictures is `data-invalid` with `data.reason` `too-large`. */
export function pictureFiles({ blobs, plain, mostPictures }: PictureFilesOptions): PictureFiles {
  const opened = new WeakMap<Blob, Promise<Pack>>();
  const inside = async (path: string): Promise<{ readonly pack: Pack; readonly rest: string }> => {
    const mount = [...blobs.keys()].find((key) => path === key || path.startsWith(`${key}/`));
    const blob = blobs.get(mount ?? "");
    if (mount === undefined || blob === undefined) throw missing(path);
    const opening = opened.get(blob) ?? read(blob, mount, mostPictures);
    opened.set(blob, opening);
    return { pack: await opening, rest: path.slice(mount.length + 1) };
  };
  return {
    files: {
      ...plain,
      async read(path) {
        if (blobs.has(path)) return plain.read(path);
        const { pack, rest } = await inside(path);
        const picture = pack.pictures.get(rest);
        if (picture === undefined) throw missing(path);
        return new Uint8Array(await picture.arrayBuffer().catch(unreadable(path)));
      },
    },
    async list(folder) {
      const { pack, rest } = await inside(folder);
      if (rest === "") return [...pack.folders.keys()].map((name) => ({ name, isFolder: true }));
      const names = pack.folders.get(rest);
      if (names === undefined) throw missing(folder);
      return names.map((name) => ({ name, isFolder: false }));
    },
  };
}

async function read(blob: Blob, path: string, most: number): Promise<Pack> {
  const pictures = await openPack(blob);
  const count = pictures.length;
  if (count > most) throw tooLarge(path, blob.size, Math.floor((blob.size * most) / count));
  const folders = new Map<string, string[]>();
  for (const { folder, name } of pictures) {
    const names = folders.get(folder);
    if (names === undefined) folders.set(folder, [name]);
    else names.push(name);
  }
  return {
    folders,
    pictures: new Map(
      pictures.map(({ folder, name, picture }) => [`${folder}/${name}`, picture] as const),
    ),
  };
}

function missing(path: string): FedtuneError {
  const message = `Cannot read ${path}: this tab was not given it`;
  return new FedtuneError("file-missing", message, { data: { path } });
}
