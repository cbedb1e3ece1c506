/** What reading images needs of a platform, beside its files. */
import type { Picture } from "./picture.ts";

/** What lies in a folder. */
export interface FolderEntry {
  readonly name: string;
  readonly isFolder: boolean;
}

/** Supplied by Node and by browsers. */
export interface ImagePlatform {
  /** What lies in a folder, in any order. @throws FedtuneError `file-missing`, `file-unreadable` */
  list(folder: string): Promise<readonly FolderEntry[]>;
  /** Rejects for bytes that are no gzip, and for more than `most` bytes. */
  gunzip(bytes: Uint8Array, most: number): Promise<Uint8Array>;
  /**
   * Decodes PNG, JPEG or WebP, turned upright as its metadata says; transparency is dropped. Rejects for anything else,
   * and for more pixels than {@link mostPixels}.
   */
  decode(bytes: Uint8Array): Promise<Picture>;
}

/** Most pixels of a picture before it is scaled. */
export const mostPixels = 64 * 1024 * 1024;

/** Most bytes of a file of images, unpacked. */
export const mostImageBytes = 1024 ** 3;
