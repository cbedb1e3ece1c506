/** The prose tells the truth: runnable blocks run, commands exist, links lead somewhere. */
import { execFile } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { blocksOf, proseFiles } from "./support/markdown.ts";
import type { Block } from "./support/markdown.ts";
import { readManifest, readText, root } from "./support/repository.ts";

const prose = proseFiles();
const blocks = prose.flatMap(blocksOf);
const placeOf = ({ file, line }: Block) => `${file}:${String(line)}`;

/** `value; // => expected` becomes an assertion; the expected part is an expression too. */
function asProgram(code: string): string {
  const checked = code.replaceAll(
    /^(.*?);?[ \t]*\/\/ => (.+)$/gm,
    (_, value: string, expected: string) => `assert.deepStrictEqual(${value}, ${expected});`,
  );
  return `import assert from "node:assert/strict";\n${checked}`;
}

async function run(block: Block): Promise<void> {
  // Inside the repository, so that the block's imports find the packages.
  const folder = join(root, "out/docs-test");
  mkdirSync(folder, { recursive: true });
  const program = join(folder, `${placeOf(block).replaceAll(/\W+/g, "-")}.ts`);
  writeFileSync(program, asProgram(block.code));
  const flags = ["--conditions=@fedtune/source", "--import", "tsx"];
  await promisify(execFile)(process.execPath, [...flags, program], { cwd: root, timeout: 60_000 });
}

describe("TypeScript blocks marked `runnable`", () => {
  const runnable = blocks.filter(({ language, mark }) => language === "ts" && mark === "runnable");
  it.each(runnable.map((block) => [placeOf(block), block] as const))("%s", (_, block) =>
    run(block),
  );

  it("are checked for what they claim", async () => {
    const block = { file: "claim", line: 1, language: "ts", mark: "runnable" };
    await expect(run({ ...block, code: "1 + 1; // => 2\n" })).resolves.toBeUndefined();
    await expect(run({ ...block, line: 2, code: "1 + 1 // => 3\n" })).rejects.toThrow("3");
  });
});

/** What a shell block calls: `fedtune <verb>` and `npm run <script>`, also within `npx`. */
function callsIn({ code }: Block, pattern: RegExp): string[] {
  return [...code.matchAll(pattern)].map(([, name = ""]) => name);
}

describe("shell blocks", () => {
  const shell = blocks.filter(({ language }) => ["sh", "bash", "console"].includes(language));
  const verbsFolder = join(root, "apps/cli/src/verbs");
  const verbs = existsSync(verbsFolder)
    ? readdirSync(verbsFolder).map((name) => name.replace(/\.ts$/, ""))
    : undefined;

  it.skipIf(verbs === undefined)("call only verbs that exist", () => {
    const missing = shell.flatMap((block) =>
      callsIn(block, /(?:^|\s)fedtune(?:\.mjs)? ([a-z]+)/gm)
        .filter((verb) => verbs?.includes(verb) === false)
        .map((verb) => `${placeOf(block)}: fedtune ${verb}`),
    );
    expect(missing).toEqual([]);
  });

  it("call only npm scripts that exist", () => {
    const { scripts = {} } = readManifest("package.json");
    const missing = shell.flatMap((block) =>
      callsIn(block, /npm run ([\w:-]+)/g)
        .filter((name) => !(name in scripts))
        .map((name) => `${placeOf(block)}: npm run ${name}`),
    );
    expect(missing).toEqual([]);
  });
});

it("relative links lead to files", () => {
  const broken = prose.flatMap((file) =>
    [...readText(file).matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)[^)]*\)/g)]
      .map(([, target = ""]) => normalize(join(dirname(file), target)))
      .filter((target) => !existsSync(join(root, target)))
      .map((target) => `${file}: ${target}`),
  );
  expect(broken).toEqual([]);
});
