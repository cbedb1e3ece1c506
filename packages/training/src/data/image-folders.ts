/** Pictures in folders whose names say what they are: one level of folders for each column. */
import { asFedtuneError } from "@fedtune/core";
import { joinPath } from "../files.ts";
import { invalidImages } from "./image-table.ts";
import type { ImageSet, ImageTable, ImageWorld } from "./image-table.ts";

/** Endings of pictures; what they hold is looked at when they are decoded. */
const pictureEnding = /\.(png|jpe?g|webp)$/i;

interface Found {
  readonly path: string;
  /** Names of the folders above, the outermost first. */
  readonly folders: readonly string[];
}

/**
 * Lists the pictures, sorted by code unit at every level; files beside the folders and hidden ones are left alone.
 *
 * @throws FedtuneError `data-invalid` for a folder without pictures, and for a file among pictures that is none
 */
export async function openFolders(set: ImageSet, world: ImageWorld): Promise<ImageTable> {
  const { path, columns } = set;
  const found = await picturesBelow({ path, folders: [] }, columns.length, world);
  return {
    rows: found.length,
    columns: new Map(
      columns.map((column, level) => [column, found.map(({ folders }) => folders[level] ?? "")]),
    ),
    place: (row) => found[row]?.path ?? path,
    async picture(row) {
      const own = found[row]?.path ?? path;
      const bytes = await world.files.read(own);
      try {
        return await world.platform.decode(bytes);
      } catch (cause) {
        const reason = asFedtuneError(cause).message;
        throw invalidImages(own, `it is no usable PNG, JPEG or WebP picture (${reason})`);
      }
    },
  };
}

async function picturesBelow(
  { path, folders }: Found,
  levels: number,
  world: ImageWorld,
): Promise<readonly Found[]> {
  const entries = (await world.platform.list(path))
    .filter(({ name }) => !name.startsWith("."))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  const wanted = entries.filter(({ isFolder }) => isFolder === levels > 0);
  if (wanted.length === 0)
    throw invalidImages(path, levels > 0 ? "it has no folders in it" : "it has no pictures in it");
  if (levels === 0) {
    const pictures = wanted.map(({ name }) => ({ path: joinPath(path, name), folders }));
    const other = pictures.find((picture) => !pictureEnding.test(picture.path));
    if (other === undefined) return pictures;
    throw invalidImages(other.path, "wanted a picture: .png, .jpg, .jpeg or .webp");
  }
  const below: Found[] = [];
  for (const { name } of wanted) {
    const folder = { path: joinPath(path, name), folders: [...folders, name] };
    below.push(...(await picturesBelow(folder, levels - 1, world)));
  }
  return below;
}
