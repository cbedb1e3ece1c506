/** The database's schema, its migrations and its client are made from one another. */
import { execFile } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { promisify } from "node:util";
import { afterAll, describe, expect, it } from "vitest";

const root = join(import.meta.dirname, "..");
const copy = mkdtempSync(join(tmpdir(), "fedtune-schema-"));
afterAll(() => {
  rmSync(copy, { recursive: true, force: true });
});

const prisma = (cwd: string, ...argv: readonly string[]) =>
  promisify(execFile)(process.execPath, ["node_modules/prisma/build/index.js", ...argv], { cwd });

/** All files below a folder, by their path. */
function filesIn(folder: string): Record<string, string> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  const paths = files.map(({ parentPath, name }) => join(parentPath, name)).sort();
  return Object.fromEntries(
    paths.map((path) => [relative(folder, path), readFileSync(path, "utf8")]),
  );
}

describe("the database's schema", () => {
  it("has the client that is committed", async () => {
    for (const name of ["prisma", "prisma.config.ts", "scripts/prisma", "package.json"]) {
      cpSync(join(root, name), join(copy, name), { recursive: true });
    }
    symlinkSync(join(root, "node_modules"), join(copy, "node_modules"));
    await prisma(copy, "generate");
    const generated = "packages/db/src/generated";
    expect(filesIn(join(copy, generated))).toEqual(filesIn(join(root, generated)));
  });

  it("is what the migrations make", async () => {
    const from = ["--from-migrations", "prisma/migrations"];
    const to = ["--to-schema", "prisma/schema.prisma"];
    const { stdout } = await prisma(root, "migrate", "diff", ...from, ...to, "--exit-code");
    expect(stdout).toContain("No difference detected");
  });
});
