/** Compiles the package's addon against an unpacked TensorFlow wheel. */
import { existsSync, mkdirSync, rmSync, symlinkSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

import { capture, run, say, timed } from "./shell.ts";
import { packageFolder, SetupError, type Variant } from "./variant.ts";
import { tensorflowFolder } from "./wheel.ts";

const TOOLS: readonly (readonly [name: string, ...probe: string[]])[] = [
  ["python3", "python3", "--version"],
  ["pip for python3", "python3", "-m", "pip", "--version"],
  ["g++", "g++", "--version"],
  ["make", "make", "--version"],
];

/** The addon keeps the libraries' own names, so those must stay; -ltensorflow wants the short ones. */
const LINKS = {
  "libtensorflow_cc.so.2": "libtensorflow_cc.so.2",
  "libtensorflow_framework.so.2": "libtensorflow_framework.so.2",
  "libtensorflow.so": "libtensorflow_cc.so.2",
  "libtensorflow_framework.so": "libtensorflow_framework.so.2",
} as const;

export function buildAgainstWheel(variant: Variant): void {
  requireTools();
  const folder = packageFolder(variant);
  linkLibraries(folder, tensorflowFolder(variant));
  timed("compiling the addon", () => {
    compile(folder);
  });
}

function requireTools(): void {
  const missing = TOOLS.filter(([, ...probe]) => capture(probe) === null).map(([name]) => name);
  if (missing.length > 0) {
    throw new SetupError(
      `building the addon needs ${missing.join(", ")}, not found here. ` +
        "On Debian: apt-get install g++ make python3 python3-pip",
    );
  }
}

function linkLibraries(folder: string, tensorflow: string): void {
  const libraries = join(folder, "deps", "lib");
  rmSync(join(folder, "deps"), { recursive: true, force: true });
  mkdirSync(libraries, { recursive: true });
  symlinkSync(join(tensorflow, "include"), join(folder, "deps", "include"));
  for (const [name, target] of Object.entries(LINKS)) {
    symlinkSync(join(tensorflow, target), join(libraries, name));
  }
}

function compile(folder: string): void {
  const headers = nodePrefix();
  if (headers === null)
    say("no node headers found beside node: node-gyp will try to download them");
  const require = createRequire(join(folder, "package.json"));
  const tool = require.resolve("@mapbox/node-pre-gyp/bin/node-pre-gyp");
  const built = run([process.execPath, tool, "install", "--build-from-source"], {
    cwd: folder,
    env: headers === null ? {} : { npm_config_nodedir: headers },
  });
  if (!built) {
    throw new SetupError(
      "compiling the addon failed; the compiler's messages are above. " +
        (headers === null
          ? "The headers of node (include/node/node.h) are missing: set npm_config_nodedir to their prefix."
          : `The headers of node were taken from ${headers}.`),
    );
  }
}

/** The prefix that holds include/node/node.h, or null. */
function nodePrefix(): string | null {
  const besideNode = dirname(dirname(process.execPath));
  const candidates = [process.env["npm_config_nodedir"], besideNode, "/usr", "/usr/local"];
  const holds = (prefix: string | undefined) =>
    prefix !== undefined && existsSync(join(prefix, "include", "node", "node.h"));
  return candidates.find(holds) ?? null;
}
