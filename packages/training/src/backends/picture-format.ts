/** Formats of pictures that are decoded, told by their first bytes and never by their names. */

/** First bytes; null: any. */
const signatures: readonly (readonly (number | null)[])[] = [
  [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a], // PNG
  [0xff, 0xd8, 0xff], // JPEG
  [0x52, 0x49, 0x46, 0x46, null, null, null, null, 0x57, 0x45, 0x42, 0x50], // WebP
];

/** Most bytes of a picture's file. */
const MOST_BYTES = 64 * 1024 * 1024;

/** Throws for a file that is too large, or neither PNG nor JPEG nor WebP. */
export function checkPicture(bytes: Uint8Array): void {
  if (bytes.length > MOST_BYTES)
    throw new Error(`it has ${bytes.length} bytes, at most ${MOST_BYTES} are read`);
  const isKnown = signatures.some((signature) =>
    signature.every((byte, at) => byte === null || bytes[at] === byte),
  );
  if (!isKnown) throw new Error("its first bytes are those of no such format");
}
