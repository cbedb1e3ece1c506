/** The two packages that bind TensorFlow's C library to Node, and where their parts lie. */
import { realpathSync } from "node:fs";
import { createRequire } from "node:module";
import { homedir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

/** The release whose wheel the native part is built against; its C interface still serves the binding. */
export const TENSORFLOW_VERSION = "2.21.0";

export const REPOSITORY = resolve(dirname(fileURLToPath(import.meta.url)), "../..");

export interface Variant {
  readonly packageName: string;
  /** Name of the Python wheel with the matching TensorFlow libraries. */
  readonly wheel: string;
  /** What the vendor's package.json passes to its own install script. */
  readonly installArguments: readonly string[];
}

export const VARIANTS: Readonly<Record<"cpu" | "gpu", Variant>> = {
  cpu: { packageName: "@tensorflow/tfjs-node", wheel: "tensorflow-cpu", installArguments: [] },
  gpu: {
    packageName: "@tensorflow/tfjs-node-gpu",
    wheel: "tensorflow",
    installArguments: ["gpu", "download"],
  },
};

/** A problem whose message says what to do about it; printed without a stack. */
export class SetupError extends Error {}

/** Folder of the installed package. Throws SetupError when npm left it out. */
export function packageFolder(variant: Variant): string {
  const require = createRequire(join(REPOSITORY, "package.json"));
  try {
    return realpathSync(dirname(require.resolve(`${variant.packageName}/package.json`)));
  } catch {
    throw new SetupError(`${variant.packageName} is not in node_modules: run npm ci first.`);
  }
}

/** Where an unpacked wheel is kept: outside node_modules, so that npm ci does not throw it away. */
export function cacheFolder(variant: Variant): string {
  const root = process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache");
  return join(root, "fedtune", `${variant.wheel}-${TENSORFLOW_VERSION}-${process.arch}`);
}
