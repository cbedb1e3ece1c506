/** Unpacking gzip with what Node and browsers both have. */

/** Unpacks; rejects for bytes that are no gzip, and as soon as there are more than `most` bytes. */
export async function gunzip(bytes: Uint8Array, most: number): Promise<Uint8Array> {
  // Blobs take bytes that no other thread can write: a copy.
  const blob = new Blob([bytes.slice()]);
  const packed = blob.stream() as ReadableStream<Uint8Array<ArrayBuffer>>;
  const unpacked: ReadableStream<Uint8Array> = packed.pipeThrough(new DecompressionStream("gzip"));
  const reader = unpacked.getReader();
  const parts: Uint8Array[] = [];
  let length = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    length += value.length;
    if (length > most) {
      await reader.cancel();
      throw new Error(`it unpacks to more than ${most} bytes`);
    }
    parts.push(value);
  }
  const joined = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}
