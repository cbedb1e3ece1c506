/** The vendor's own install script: a ready-made library and addon, where its host can be reached. */
import { readFileSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { delimiter, join } from "node:path";

import { run, say, timed } from "./shell.ts";
import { packageFolder, REPOSITORY, type Variant } from "./variant.ts";

const CONNECT_TIMEOUT_MS = 5_000;
const INSTALL_TIMEOUT_MS = 15 * 60_000;

/** True when the vendor's script ran through; the caller still checks that the package loads. */
export async function installFromVendor(variant: Variant): Promise<boolean> {
  const folder = packageFolder(variant);
  const host = downloadHost(folder);
  if (!(await reachable(host))) {
    say(`the vendor's download host ${host} does not answer`);
    return false;
  }
  return timed("the vendor's install script", () => runInstallScript(folder, variant));
}

/** The script has no time limit of its own, and edits its package.json while it runs. */
function runInstallScript(folder: string, variant: Variant): boolean {
  const manifest = join(folder, "package.json");
  const before = readFileSync(manifest);
  const tools = join(REPOSITORY, "node_modules", ".bin");
  const done = run([process.execPath, "scripts/install.js", ...variant.installArguments], {
    cwd: folder,
    env: { PATH: `${tools}${delimiter}${process.env["PATH"] ?? ""}` },
    timeoutMs: INSTALL_TIMEOUT_MS,
  });
  writeFileSync(manifest, before);
  return done;
}

/** The documented overrides, else the host that the package itself names. */
function downloadHost(folder: string): string {
  const manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as {
    binary: { host: string };
  };
  const { TFJS_NODE_BASE_URI, TFJS_NODE_CDN_STORAGE, CDN_STORAGE } = process.env;
  const url = TFJS_NODE_BASE_URI ?? TFJS_NODE_CDN_STORAGE ?? CDN_STORAGE ?? manifest.binary.host;
  return new URL(url).hostname;
}

/** A quick look, because a network that drops packets would hold the script for minutes. */
function reachable(host: string): Promise<boolean> {
  if (process.env["HTTPS_PROXY"] ?? process.env["https_proxy"]) return Promise.resolve(true);
  return new Promise((resolve) => {
    const socket = connect({ host, port: 443 });
    const finish = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(CONNECT_TIMEOUT_MS, () => {
      finish(false);
    });
    socket.once("connect", () => {
      finish(true);
    });
    socket.once("error", () => {
      finish(false);
    });
  });
}
