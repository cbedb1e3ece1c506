/** Holds every import of packages/ and apps/ against the layer table. */
import { builtinModules } from "node:module";
import { posix } from "node:path";
import { describe, expect, it } from "vitest";
import { launcher, layers, type Layer } from "./support/layer-table.ts";
import { importsOf, parse, repositoryFiles, workspaces } from "./support/repository.ts";
import type { Workspace } from "./support/repository.ts";

const all = workspaces();
const byName = new Map(all.map((workspace) => [workspace.manifest.name, workspace]));
const tracked = repositoryFiles();

interface Import {
  readonly file: string;
  readonly from: Workspace;
  readonly specifier: string;
}

/** Tests, and what only tests of the same package use. */
const isTest = (path: string) =>
  /\.(test|bench)\.tsx?$/.test(path) || /\/src\/(.*\/)?test-support\//.test(path);

function importsIn(workspace: Workspace): Import[] {
  return tracked
    .filter((path) => path.startsWith(`${workspace.dir}/src/`) && /\.tsx?$/.test(path))
    .filter((path) => !isTest(path))
    .flatMap((file) =>
      importsOf(parse(file)).map((specifier) => ({ file, from: workspace, specifier })),
    );
}

const isNode = (specifier: string) =>
  specifier.startsWith("node:") || builtinModules.includes(specifier.split("/")[0] ?? "");

/** `@scope/name/deep` and `name/deep` to the package they belong to. */
function packageName(specifier: string): string {
  return specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/");
}

function layerOf(workspace: Workspace): Layer {
  const layer = layers[workspace.layer];
  if (layer === undefined) throw new Error(`${workspace.dir} has no row in the layer table`);
  return layer;
}

/** Why an import breaks the table, or undefined when it does not. */
function complaint(found: Import): string | undefined {
  const { specifier } = found;
  if (specifier.startsWith(".")) return relativeComplaint(found);
  if (isNode(specifier)) return nodeComplaint(found);
  const name = packageName(specifier);
  const target = byName.get(name);
  if (target !== undefined && !offers(target, `.${specifier.slice(name.length)}`)) {
    return "reaches into a package past its exports";
  }
  return target === undefined ? npmComplaint(found, name) : oursComplaint(found, target);
}

/** Whether a package lists `.` or `./part` among its exports. */
function offers({ manifest }: Workspace, entry: string): boolean {
  return (manifest.exports?.[entry] ?? null) !== null;
}

function relativeComplaint({ file, from, specifier }: Import): string | undefined {
  const target = posix.join(posix.dirname(file), specifier);
  if (!target.startsWith(`${from.dir}/`)) return "leaves its package by a relative path";
  return isTest(target) ? "imports a test" : undefined;
}

function nodeComplaint({ file, from }: Import): string | undefined {
  const { node } = layerOf(from);
  const allowed = node instanceof RegExp ? node.test(file.slice(from.dir.length + 1)) : node;
  return allowed ? undefined : "a Node module outside the places that may use Node";
}

function oursComplaint({ from }: Import, target: Workspace): string | undefined {
  if (target.dir === from.dir) return "imports its own package by name";
  if (!declares(from, target.manifest.name)) return "not among its package.json dependencies";
  if (target.layer === "apps") return from.dir === launcher ? undefined : "an app of its own";
  return layerOf(from).ours.includes(target.layer) ? undefined : "a layer it may not see";
}

function npmComplaint({ from }: Import, name: string): string | undefined {
  if (!declares(from, name)) return "not among its package.json dependencies";
  const admits = (pattern: string) =>
    pattern === "*" ||
    pattern === name ||
    (pattern.endsWith("/*") && name.startsWith(pattern.slice(0, -1)));
  return layerOf(from).npm.some(admits) ? undefined : "not on its layer's npm list";
}

function declares(workspace: Workspace, name: string): boolean {
  const { dependencies, optionalDependencies, peerDependencies } = workspace.manifest;
  return [dependencies, optionalDependencies, peerDependencies].some(
    (list) => list !== undefined && name in list,
  );
}

describe.each(all.map((workspace) => [workspace.dir, workspace] as const))("%s", (_, workspace) => {
  it("imports only what its layer may see", () => {
    const broken = importsIn(workspace).flatMap((found) => {
      const why = complaint(found);
      return why === undefined ? [] : [`${found.file}: "${found.specifier}": ${why}`];
    });
    expect(broken).toEqual([]);
  });

  it("declares only packages of layers it may see", () => {
    const ours = Object.keys(workspace.manifest.dependencies ?? {})
      .map((name) => byName.get(name))
      .filter((target) => target !== undefined);
    const broken = ours.filter((target) =>
      target.layer === "apps"
        ? workspace.dir !== launcher
        : !layerOf(workspace).ours.includes(target.layer),
    );
    expect(broken.map(({ dir }) => dir)).toEqual([]);
  });
});

it("packages form no cycle", () => {
  const done = new Set<string>();
  const visit = (workspace: Workspace, path: readonly string[]): void => {
    expect(path, "a cycle of packages").not.toContain(workspace.dir);
    if (done.has(workspace.dir)) return;
    for (const name of Object.keys(workspace.manifest.dependencies ?? {})) {
      const target = byName.get(name);
      if (target !== undefined) visit(target, [...path, workspace.dir]);
    }
    done.add(workspace.dir);
  };
  for (const workspace of all) visit(workspace, []);
});

describe("the check itself", () => {
  const workspace = (dir: string) => {
    const found = all.find((candidate) => candidate.dir === dir);
    if (found === undefined) throw new Error(`no workspace ${dir}`);
    return found;
  };
  const ask = (dir: string, file: string, specifier: string) =>
    complaint({ file: `${dir}/src/${file}`, from: workspace(dir), specifier });

  it.each([
    ["packages/core", "a.ts", "node:fs", "a Node module outside"],
    ["packages/core", "a.ts", "fs/promises", "a Node module outside"],
    ["packages/core", "a.ts", "fast-check", "not among its package.json"],
    ["packages/core", "a.ts", "../../client/src/a.ts", "leaves its package"],
    ["packages/core", "a.ts", "./a.test.ts", "imports a test"],
    ["packages/training", "trainer/a.ts", "node:fs", "a Node module outside"],
    ["packages/client", "a.ts", "@fedtune/core/src/a.ts", "reaches into"],
    ["packages/client", "a.ts", "@fedtune/aggregators", "not among its package.json"],
    ["packages/simulation", "engine.ts", "node:worker_threads", "a Node module outside"],
    ["apps/server", "a.ts", "@fedtune/testkit", "not among its package.json"],
  ])("refuses %s/src/%s importing %s", (dir, file, specifier, why) => {
    expect(ask(dir, file, specifier)).toContain(why);
  });

  it.each([
    ["packages/core", "a.ts", "zod"],
    ["packages/training", "backends/node.ts", "node:fs"],
    ["packages/simulation", "trainer-worker.ts", "node:worker_threads"],
    ["packages/simulation", "report/csv.ts", "node:fs/promises"],
    ["apps/cli", "a.ts", "@fedtune/server"],
  ])("admits %s/src/%s importing %s", (dir, file, specifier) => {
    expect(ask(dir, file, specifier)).toBeUndefined();
  });
});
