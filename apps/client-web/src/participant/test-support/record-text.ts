/** Client records as text, bit for bit, on their way between a test and a page. */
import type { ClientRecord } from "@fedtune/core";

type Words = { readonly floats: string } | { readonly bytes: string } | { readonly number: string };

const hex = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
const fromHex = (text: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from({ length: text.length / 2 }, (_, i) =>
    Number.parseInt(text.slice(2 * i, 2 * i + 2), 16),
  );

/** Writes a record, or none. */
export function recordText(record: ClientRecord | null): string {
  return JSON.stringify(record, (_, value: unknown): unknown => {
    if (value instanceof Float32Array)
      return { floats: hex(new Uint8Array(value.buffer, value.byteOffset, value.byteLength)) };
    if (value instanceof Uint8Array) return { bytes: hex(value) };
    if (typeof value === "number" && !Number.isFinite(value)) return { number: String(value) };
    return value;
  });
}

/** Reads it. */
export function recordFrom(text: string): ClientRecord | null {
  return JSON.parse(text, (_, value: unknown): unknown => {
    if (typeof value !== "object" || value === null) return value;
    const words = value as Words;
    if ("floats" in words) return new Float32Array(fromHex(words.floats).buffer);
    if ("bytes" in words && typeof words.bytes === "string") return fromHex(words.bytes);
    return "number" in words ? Number(words.number) : value;
  }) as ClientRecord | null;
}
