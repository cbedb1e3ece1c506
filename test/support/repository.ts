/** What the repository tests share: where the tree is, which files it has, and how its TypeScript is read. */
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";

export const root = join(import.meta.dirname, "../..");

/** Files that git tracks or would add, as paths from the root with forward slashes. */
export function repositoryFiles(): string[] {
  const listing = execFileSync("git", ["ls-files", "-z", "-co", "--exclude-standard"], {
    cwd: root,
    encoding: "utf8",
    maxBuffer: 2 ** 26,
  });
  const files = listing.split("\0").filter((path) => path !== "" && existsSync(join(root, path)));
  return [...new Set(files)].sort();
}

export function readText(path: string): string {
  return readFileSync(join(root, path), "utf8");
}

/** The part of a package.json that these tests read. */
export interface Manifest {
  readonly name: string;
  readonly license?: string;
  readonly licenses?: readonly { readonly type: string }[];
  readonly engines?: Readonly<Record<string, string>>;
  readonly exports?: Readonly<Record<string, unknown>>;
  readonly scripts?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

export function readManifest(path: string): Manifest {
  return JSON.parse(readText(path)) as Manifest;
}

/** One workspace: `{ dir: "packages/core", layer: "core" }`; every app has the layer `apps`. */
export interface Workspace {
  readonly dir: string;
  readonly layer: string;
  readonly manifest: Manifest;
}

export function workspaces(): Workspace[] {
  return ["packages", "apps"].flatMap((top) =>
    readdirSync(join(root, top))
      .map((name) => ({ dir: `${top}/${name}`, layer: top === "apps" ? "apps" : name }))
      .filter(({ dir }) => existsSync(join(root, dir, "package.json")))
      .map((found) => ({ ...found, manifest: readManifest(`${found.dir}/package.json`) })),
  );
}

export function parse(path: string): ts.SourceFile {
  return ts.createSourceFile(path, readText(path), ts.ScriptTarget.ES2023, true);
}

/** Calls `visit` on every node of a tree, parents first. */
export function walk(node: ts.Node, visit: (node: ts.Node) => void): void {
  visit(node);
  node.forEachChild((child) => {
    walk(child, visit);
  });
}

/** Every module that a file names: static, dynamic and re-exporting imports, `import("x")` types, and `require`. */
export function importsOf(source: ts.SourceFile): string[] {
  const found = new Set<string>();
  walk(source, (node) => {
    const specifier = specifierOf(node);
    if (specifier !== undefined && ts.isStringLiteralLike(specifier)) found.add(specifier.text);
  });
  return [...found];
}

function specifierOf(node: ts.Node): ts.Node | undefined {
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) return node.moduleSpecifier;
  if (ts.isImportTypeNode(node)) {
    return ts.isLiteralTypeNode(node.argument) ? node.argument.literal : undefined;
  }
  if (!ts.isCallExpression(node)) return undefined;
  const { expression } = node;
  const loads =
    expression.kind === ts.SyntaxKind.ImportKeyword ||
    (ts.isIdentifier(expression) && expression.text === "require") ||
    expression.getText() === "import.meta.resolve";
  return loads ? node.arguments[0] : undefined;
}
