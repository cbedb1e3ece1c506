/** Many pictures in one blob, each in a folder that is its label: kept, handed to the engine and forgotten as one. */
import { FedtuneError, utf8 } from "@fedtune/core";
import { z } from "zod";

/** A picture with its place. */
export interface PackedPicture {
  /** Its label. */
  readonly folder: string;
  /** Without slashes; no two of a folder are alike. */
  readonly name: string;
  readonly picture: Blob;
}

/** Folder, name and bytes of each picture, in the order in which they follow. */
const indexSchema = z.array(z.tuple([z.string(), z.string(), z.int().min(0)]));

/** Four bytes with the length of the index, the index as JSON, and the pictures as they are; nothing of them is read. */
export function packPictures(pictures: readonly PackedPicture[]): Blob {
  const places = pictures.map(({ folder, name, picture }) => [folder, name, picture.size]);
  const index = Uint8Array.from(utf8(JSON.stringify(places)));
  const length = new DataView(new ArrayBuffer(HEAD_BYTES));
  length.setUint32(0, index.length);
  return new Blob([length.buffer, index, ...pictures.map(({ picture }) => picture)]);
}

const HEAD_BYTES = 4;

/** Its pictures, as parts of the blob. @throws FedtuneError `data-invalid` for a blob that is no such pack */
export async function openPack(pack: Blob): Promise<readonly PackedPicture[]> {
  const head = await pack.slice(0, HEAD_BYTES).arrayBuffer();
  const end = head.byteLength < HEAD_BYTES ? 0 : HEAD_BYTES + new DataView(head).getUint32(0);
  const text = await pack.slice(HEAD_BYTES, end).text();
  let from = end;
  const pictures = readIndex(text).map(([folder, name, bytes]) => {
    const picture = pack.slice(from, from + bytes);
    from += bytes;
    return { folder, name, picture };
  });
  if (from === pack.size) return pictures;
  throw noPack(`its pictures have ${from - end} bytes, ${pack.size - end} are there`);
}

function readIndex(text: string): z.output<typeof indexSchema> {
  try {
    return indexSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw noPack(cause instanceof SyntaxError ? cause.message : "its index has another form");
  }
}

function noPack(reason: string): FedtuneError {
  return new FedtuneError("data-invalid", `Cannot open the copy of the pictures: ${reason}`);
}
