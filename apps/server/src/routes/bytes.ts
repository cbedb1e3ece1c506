import type { Digest } from "@fedtune/core";
import type { Response } from "express";

/** Sends a blob; what has a hash for its name never changes, so that its reader may keep it for good. */
export function sendBytes(response: Response, bytes: Uint8Array, hash: Digest): void {
  response.set({
    "Cache-Control": "private, immutable, max-age=31536000",
    "Content-Type": "application/octet-stream",
    "Content-Length": String(bytes.length),
    "X-Fedtune-Hash": hash,
  });
  response.end(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
}
