/** The files of the typeface, for pages and images: read from where the package lies, never from the system. */
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";

/** Weights that drawings and pages use. */
export const weights = [400, 500, 600] as const;

/** Parts of the typeface, in the order in which a character is looked for. */
export const subsets = ["latin", "latin-ext", "greek"] as const;

/** A part of the typeface. */
export type Subset = (typeof subsets)[number];

const require = createRequire(import.meta.url);

/** One of its files. */
export async function fontFile(subset: Subset, weight: number): Promise<Uint8Array> {
  const name = `@fontsource/ibm-plex-sans/files/ibm-plex-sans-${subset}-${String(weight)}-normal.woff`;
  return readFile(require.resolve(name));
}

/** The Latin files by weight. */
export async function latinFonts(): Promise<ReadonlyMap<number, Uint8Array>> {
  const files = weights.map(async (weight) => [weight, await fontFile("latin", weight)] as const);
  return new Map(await Promise.all(files));
}
