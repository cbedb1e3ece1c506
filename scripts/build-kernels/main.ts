/**
 * Writes the compiled kernels as a module: `npm run build:kernels`.
 *
 * Base64 in TypeScript needs no asset paths: the same file serves Node, bundlers and pages. A test compiles again and
 * compares the bytes.
 */
import { writeFile } from "node:fs/promises";
import { compileKernels } from "./compile.ts";

const target = new URL(
  "../../packages/training/src/backends/kernels/generated/binaries.ts",
  import.meta.url,
);
const { plain, shared } = await compileKernels();
const text = (name: string, bytes: Uint8Array): string =>
  `export const ${name} =\n  "${Buffer.from(bytes).toString("base64")}";\n`;
await writeFile(
  target,
  `/** Made by scripts/build-kernels from packages/training/assembly; base64. */\n\n` +
    `/** For the memory of the stock backend. */\n${text("plainKernels", plain)}\n` +
    `/** For a memory that threads share. */\n${text("sharedKernels", shared)}`,
);
console.log(`kernels: ${plain.length} and ${shared.length} bytes`);
