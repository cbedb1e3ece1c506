/** Compiles packages/training/assembly with AssemblyScript, in memory. */
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";

/** The two binaries: they differ only in the memory that they import. */
export interface KernelBinaries {
  /** For the memory of the stock backend. */
  readonly plain: Uint8Array;
  /** For a memory that threads share. */
  readonly shared: Uint8Array;
}

/** What of the compiler is used. */
interface Compiler {
  main(
    argv: readonly string[],
    options: {
      readonly stdout: object;
      readonly stderr: object;
      readonly readFile: (name: string) => Promise<string | null>;
      readonly writeFile: (name: string, contents: string | Uint8Array) => void;
      readonly listFiles: () => null;
    },
  ): Promise<{ readonly error: Error | null }>;
}

/** Loaded under a name that the type checker does not see: its declarations would change `Array` for everybody. */
const compilerName = ["assemblyscript", "asc"].join("/");

const folder = fileURLToPath(new URL("../../packages/training/assembly/", import.meta.url));

const flags = [
  ...["--runtime", "stub", "--importMemory", "--noExportMemory", "--noAssert"],
  ...["--enable", "simd", "--enable", "threads", "--initialMemory", "1"],
  ...["-O3", "--converge", "--uncheckedBehavior", "always"],
];
/** The memory of TensorFlow.js' binary has this limit, and an import must not ask for a smaller one. */
const sharedFlags = ["--sharedMemory", "--maximumMemory", "65536"];

/** Compiles both. @throws Error with the compiler's words */
export async function compileKernels(): Promise<KernelBinaries> {
  return { plain: await compile([]), shared: await compile(sharedFlags) };
}

async function compile(more: readonly string[]): Promise<Uint8Array> {
  const written: Uint8Array[] = [];
  let words = "";
  const stream = { write: (text: string | Uint8Array) => ((words += String(text)), true) };
  const compiler = (await import(compilerName)) as Compiler;
  const { error } = await compiler.main(["index.ts", "--outFile", "out.wasm", ...flags, ...more], {
    stdout: stream,
    stderr: stream,
    readFile: (name) => readFile(resolve(folder, name), "utf8").catch(() => null),
    writeFile: (name, contents) => {
      if (name === "out.wasm" && typeof contents !== "string")
        written.push(Uint8Array.from(contents));
    },
    listFiles: () => null,
  });
  const [binary] = written;
  if (error !== null || binary === undefined)
    throw new Error(`Cannot compile the kernels: ${words}`);
  return binary;
}
