/**
 * Builds the pages into `dist/site`, unless what lies there was built from the same sources.
 *
 *   node apps/client-web/build.mjs
 *   node apps/client-web/build.mjs --out FOLDER --coordinator https://fl.example.org
 *
 * With `--coordinator` the pages are for a host of their own: they speak to that coordinator. Any number of processes may
 * build at once: each builds into a folder of its own and puts it in place when it is whole.
 */
import { createHash, randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join, relative, resolve } from "node:path";
import { performance } from "node:perf_hooks";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parseArgs, promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";

const root = dirname(fileURLToPath(import.meta.url));
const repository = resolve(root, "../..");
/** Where the coordinator looks for the pages. */
const site = join(root, "dist/site");
/** Beside the pages: the hash of the sources that they were built from. */
const stampName = ".source";

/** What the folders begin with that are being built. */
const unfinished = ".site-";
/** A build takes no longer. */
const LONGEST_MS = 3_600_000;

/** Exit status of a machine without Vite. */
const WITHOUT_VITE = 3;

/** What of the sources does not reach the pages. */
const unused = /\.(test|bench)\.tsx?$|(^|\/)(test-support|node_modules|dist|golden)(\/|$)/;

/** Folders and files that the pages are made of: this one, and each package of ours that it needs. */
async function sourcesOf() {
  const found = new Map();
  const visit = async (folder) => {
    if (found.has(folder)) return;
    const { name, dependencies = {} } = JSON.parse(
      await readFile(join(folder, "package.json"), "utf8"),
    );
    found.set(folder, name);
    for (const dependency of Object.keys(dependencies)) {
      const [scope, short = ""] = dependency.split("/");
      if (scope === "@fedtune") await visit(join(repository, "packages", short));
    }
  };
  await visit(root);
  const own = ["public", "app.html", "join.html", "vite.config.ts", "build.mjs"];
  return [
    join(repository, "package-lock.json"),
    ...own.map((name) => join(root, name)),
    ...[...found.keys()].flatMap((folder) => [join(folder, "package.json"), join(folder, "src")]),
  ];
}

/** SHA-256 over names and bytes of all sources. */
export async function sourceHash() {
  const paths = [];
  for (const source of await sourcesOf()) {
    const inside = await readdir(source, { recursive: true, withFileTypes: true }).catch(
      () => null,
    );
    if (inside === null) paths.push(source);
    else for (const one of inside) if (one.isFile()) paths.push(join(one.parentPath, one.name));
  }
  const hash = createHash("sha256");
  for (const path of paths.sort()) {
    const name = relative(repository, path);
    if (unused.test(name)) continue;
    const bytes = await readFile(path).catch(() => null);
    if (bytes !== null) hash.update(`${name}\0${bytes.length}\0`).update(bytes);
  }
  return hash.digest("hex");
}

/** Whether `dist/site` was built from the sources as they are, or there are no sources to build from. */
export async function isFresh() {
  if (!existsSync(join(root, "src"))) return true;
  const stamp = await readFile(join(site, stampName), "utf8").catch(() => null);
  return stamp !== null && stamp === (await sourceHash());
}

/** Builds into a new folder beside the place; returns the folder. */
async function build({ out, coordinator }) {
  const { build: viteBuild } = await import("vite");
  const outDir = join(dirname(out), `${unfinished}${randomUUID()}`);
  await mkdir(dirname(out), { recursive: true });
  await sweep(dirname(out));
  try {
    await viteBuild({
      root,
      configFile: join(root, "vite.config.ts"),
      logLevel: "silent",
      build: { outDir, emptyOutDir: true },
      // Read in src/participant/coordinator-origin.ts.
      define:
        coordinator === null
          ? {}
          : { "import.meta.env.VITE_FEDTUNE_COORDINATOR": JSON.stringify(coordinator) },
    });
    if (coordinator !== null) await writeFile(join(outDir, "_headers"), headersFor(coordinator));
    await compress(outDir);
    return outDir;
  } catch (error) {
    await rm(outDir, { recursive: true, force: true });
    throw error;
  }
}

/** Takes away what builds have left that were killed. */
async function sweep(folder) {
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: Infinity }));
    const isOld = name.startsWith(unfinished) && mtimeMs < new Date().getTime() - LONGEST_MS;
    if (isOld) await rm(path, { recursive: true, force: true });
  }
}

/** What no page asks of a device; see apps/server/src/security/browser-policy.ts. */
const refused = ["geolocation", "microphone", "payment", "usb"].map((name) => `${name}=()`);

/** The headers of the pages for hosts that read them from a file; others are told by hand, see docs/deploy.md. */
export function headersFor(coordinator) {
  const socket = coordinator.replace(/^http/, "ws");
  const policy = [
    ...["default-src 'none'", "script-src 'self' 'wasm-unsafe-eval'", "style-src 'self'"],
    ...[
      "img-src 'self' data: blob:",
      "font-src 'self'",
      "worker-src 'self'",
      "manifest-src 'self'",
    ],
    ...[`connect-src 'self' ${coordinator} ${socket}`, "base-uri 'none'", "form-action 'self'"],
    "frame-ancestors 'none'",
  ].join("; ");
  const lines = [
    `Content-Security-Policy: ${policy}`,
    "Cross-Origin-Opener-Policy: same-origin",
    "Cross-Origin-Embedder-Policy: require-corp",
    "Cross-Origin-Resource-Policy: same-origin",
    "Referrer-Policy: no-referrer",
    "X-Content-Type-Options: nosniff",
    "X-Frame-Options: DENY",
    `Permissions-Policy: ${["camera=(self)", "screen-wake-lock=(self)", ...refused].join(", ")}`,
  ];
  const kept = "/assets/*\n  Cache-Control: public, max-age=31536000, immutable\n";
  return `/*\n${lines.map((line) => `  ${line}\n`).join("")}${kept}`;
}

/** Beside every file that is worth it, its bytes as browsers take them. */
async function compress(folder) {
  const files = await readdir(folder, { recursive: true, withFileTypes: true });
  const brotli = { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } };
  for (const file of files) {
    if (!file.isFile() || !/\.(js|css|html|svg|json|wasm)$/.test(file.name)) continue;
    const path = join(file.parentPath, file.name);
    const bytes = await readFile(path);
    if (bytes.length < 1024) continue;
    await writeFile(`${path}.br`, await promisify(brotliCompress)(bytes, brotli));
    await writeFile(`${path}.gz`, await promisify(gzip)(bytes, { level: 9 }));
  }
}

/** Puts a whole folder in a place where another may lie, or be put at the same moment. */
async function place(built, out) {
  for (let attempt = 0; ; attempt++) {
    const old = `${built}-old`;
    if (existsSync(out)) await rename(out, old).catch(() => undefined);
    try {
      await rename(built, out);
      await rm(old, { recursive: true, force: true });
      return;
    } catch (error) {
      await rm(old, { recursive: true, force: true });
      if (attempt < 5 && ["ENOTEMPTY", "EEXIST", "EPERM"].includes(error.code)) continue;
      await rm(built, { recursive: true, force: true });
      throw error;
    }
  }
}

/** Builds the pages into `out`; `note` is told what takes time. */
export async function buildSite({ out = site, coordinator = null, note = () => undefined } = {}) {
  const stamp = await sourceHash();
  const startedAt = performance.now();
  note("Building the pages; this is done once for each version of their sources");
  const built = await build({ out, coordinator });
  await writeFile(join(built, stampName), stamp);
  await place(built, out);
  note(`Built the pages in ${((performance.now() - startedAt) / 1000).toFixed(0)} s`);
}

async function main() {
  const { values } = parseArgs({
    options: { out: { type: "string" }, coordinator: { type: "string" } },
  });
  const coordinator = values.coordinator === undefined ? null : new URL(values.coordinator).origin;
  const out = values.out === undefined ? site : resolve(values.out);
  if (out === site && coordinator === null && (await isFresh())) return;
  await buildSite({ out, coordinator, note: (line) => process.stderr.write(`${line}\n`) });
}

if (process.argv[1] !== undefined && pathToFileURL(process.argv[1]).href === import.meta.url) {
  await main().catch((error) => {
    const isMissing = error.code === "ERR_MODULE_NOT_FOUND";
    process.stderr.write(`${error.message.replaceAll(/\s*\n\s*/g, " ").slice(0, 500)}\n`);
    process.exit(isMissing ? WITHOUT_VITE : 1);
  });
}
