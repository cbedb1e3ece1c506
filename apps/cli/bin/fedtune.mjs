#!/usr/bin/env node
/** Starts fedtune: from its TypeScript source in a clone, from `dist` in an installed package. */
import { existsSync } from "node:fs";

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  process.stderr.write(`fedtune needs Node 20.19 or later; this is ${process.versions.node}\n`);
  process.exit(1);
}

// A clone that was built just before, as in CI, may say so: built modules load in half the time.
const isBuilt = process.env.RUN_BUILT === "1";
const isClone = !isBuilt && existsSync(new URL("../src/main.ts", import.meta.url));
if (isClone) {
  await import("./source.mjs");
  // Forked processes, and workers that are given process.execArgv, run from source too.
  process.execArgv.push("--import", new URL("source.mjs", import.meta.url).href);
}
const { main } = isClone ? await import("../src/main.ts") : await import("../dist/main.js");
process.exitCode = await main(process.argv.slice(2));
