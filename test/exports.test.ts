/** The public surface of every package, name by name. `npm run test:exports` writes the lists anew. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { describe, expect, it } from "vitest";
import { root, workspaces } from "./support/repository.ts";

const folder = join(root, "test/exports");
const update = process.env["UPDATE_EXPORTS"] === "1";

const packages = workspaces()
  .filter(({ dir }) => existsSync(join(root, dir, "src/index.ts")))
  .map(({ dir, manifest }) => ({
    name: manifest.name,
    index: join(root, dir, "src/index.ts"),
    list: `${dir.split("/")[1] ?? dir}.txt`,
  }));

const program = ts.createProgram(
  packages.map(({ index }) => index),
  {
    // Names need no libraries: the lists come from the files' own import and export statements.
    noLib: true,
    types: [],
    target: ts.ScriptTarget.ES2023,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    allowImportingTsExtensions: true,
    noEmit: true,
    customConditions: ["@fedtune/source"],
  },
);
const checker = program.getTypeChecker();

/** `name` for a value, `type Name` for what exists only for the compiler; sorted. */
function exportsOf(index: string): string[] {
  const source = program.getSourceFile(index);
  const module = source && checker.getSymbolAtLocation(source);
  if (module === undefined) return [];
  return checker
    .getExportsOfModule(module)
    .map((symbol) => `${isValue(symbol) ? "" : "type "}${symbol.name}`)
    .sort();
}

function isValue(symbol: ts.Symbol): boolean {
  const isAlias = (symbol.flags & ts.SymbolFlags.Alias) !== 0;
  const typeOnly = (symbol.declarations ?? []).some(
    (declaration) => ts.isExportSpecifier(declaration) && isTypeOnly(declaration),
  );
  const target = isAlias ? checker.getAliasedSymbol(symbol) : symbol;
  return !typeOnly && (target.flags & ts.SymbolFlags.Value) !== 0;
}

function isTypeOnly(specifier: ts.ExportSpecifier): boolean {
  return specifier.isTypeOnly || specifier.parent.parent.isTypeOnly;
}

describe.each(packages)("$name", ({ index, list }) => {
  const file = join(folder, list);
  const actual = exportsOf(index);

  it("exports exactly the listed names", () => {
    if (update) {
      mkdirSync(folder, { recursive: true });
      writeFileSync(file, actual.map((name) => `${name}\n`).join(""));
    }
    const listed = existsSync(file) ? readFileSync(file, "utf8").split("\n").filter(Boolean) : [];
    const added = actual.filter((name) => !listed.includes(name)).map((name) => `+ ${name}`);
    const gone = listed.filter((name) => !actual.includes(name)).map((name) => `- ${name}`);
    const hint = `test/exports/${list} differs; if that is meant, run: npm run test:exports`;
    expect([...added, ...gone], hint).toEqual([]);
  });
});

it("every list has its package", () => {
  const known = new Set(packages.map(({ list }) => list));
  const lists = existsSync(folder) ? readdirSync(folder) : [];
  const stray = lists.filter((name) => !known.has(name));
  if (update) for (const name of stray) rmSync(join(folder, name));
  expect(update ? [] : stray).toEqual([]);
});
