/** The built entry of the join pages: what it weighs, and what is not in it. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "vite";
import type { Rolldown } from "vite";
import { afterAll, beforeAll, expect, test, vi } from "vitest";

const root = join(import.meta.dirname, "../..");

let outDir: string;
let output: Rolldown.RolldownOutput["output"];

beforeAll(async () => {
  outDir = await mkdtemp(join(tmpdir(), "fedtune-join-build-"));
  // Else the test runner's own setting would bring React's development build.
  vi.stubEnv("NODE_ENV", "production");
  const built = await build({
    ...{ root, configFile: join(root, "vite.config.ts"), logLevel: "silent" },
    build: { outDir, emptyOutDir: true, write: false },
  });
  if (!("output" in built)) throw new Error("The build watches: wanted one result");
  output = built.output;
});

afterAll(async () => {
  vi.unstubAllEnvs();
  await rm(outDir, { recursive: true });
});

function chunk(fileName: string): Rolldown.OutputChunk {
  const found = output.find((part) => part.fileName === fileName);
  if (found?.type !== "chunk") throw new Error(`There is no chunk ${fileName}`);
  return found;
}

/** The chunks that a browser loads before the first page is shown. */
function loadedWith(entry: string): readonly Rolldown.OutputChunk[] {
  const first = output.find((part) => part.type === "chunk" && part.isEntry && part.name === entry);
  if (first === undefined) throw new Error(`There is no entry ${entry}`);
  const names = new Set([first.fileName]);
  for (const name of names) for (const other of chunk(name).imports) names.add(other);
  return [...names].map(chunk);
}

const gzipped = (text: string | Uint8Array): number => gzipSync(text, { level: 9 }).length;

const modules = (chunks: readonly Rolldown.OutputChunk[]): readonly string[] =>
  chunks.flatMap((part) => part.moduleIds);

test("the join pages' JavaScript is at most 190 kB, compressed, before the engine", () => {
  const bytes = loadedWith("join").reduce((sum, { code }) => sum + gzipped(code), 0);
  expect(bytes).toBeGreaterThan(50_000);
  expect(bytes).toBeLessThanOrEqual(190_000);
});

test("with styles and typefaces they are at most 400 kB", () => {
  const scripts = loadedWith("join").reduce((sum, { code }) => sum + gzipped(code), 0);
  const others = output.flatMap((part) =>
    part.type === "asset" &&
    (part.fileName.endsWith(".css") ||
      /(latin-wght|greek-wght|mono-latin-400)-normal.*\.woff2$/.test(part.fileName))
      ? [gzipped(part.source)]
      : [],
  );
  expect(scripts + others.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(400_000);
});

test("the engine for the processor is at most 240 kB, compressed; WebGL and WebGPU come when they are asked for", () => {
  const engine = output.filter(({ fileName }) => fileName.includes("training-worker-"));
  expect(engine).toHaveLength(1);
  const bytes = engine.map((part) => gzipped(part.type === "asset" ? part.source : part.code));
  expect(bytes[0]).toBeGreaterThan(100_000);
  expect(bytes[0]).toBeLessThanOrEqual(240_000);
});

test.each(["join.html", "app.html"])(
  "%s has the browser fetch the typeface of its first letters at once, and no other",
  (document) => {
    const html = output.find(({ fileName }) => fileName === document);
    if (html?.type !== "asset") throw new Error(`There is no ${document}`);
    const links = String(html.source).match(/<link\b[^>]*\brel="preload"[^>]*>/g) ?? [];
    expect(links).toHaveLength(1);
    const [, href = ""] = / href="\/([^"]+)"/.exec(links[0] ?? "") ?? [];
    expect(href).toMatch(/^assets\/ibm-plex-sans-latin-wght-normal-/);
    expect(links[0]).toMatch(/ as="font" type="font\/woff2" crossorigin(?=[ >])/);
    // Else it would be fetched twice.
    const styles = output.filter(({ fileName }) => fileName.endsWith(".css"));
    const sheets = styles.map((part) => (part.type === "asset" ? String(part.source) : ""));
    expect(sheets.some((sheet) => sheet.includes(`url(/${href})`))).toBe(true);
  },
);

test("neither entry holds pages of the other", () => {
  const own = /client-web\/src\/(join|ops)\//;
  const pagesOf = (entry: string) =>
    new Set(modules(loadedWith(entry)).flatMap((id) => own.exec(id)?.[1] ?? []));
  expect([...pagesOf("join")]).toEqual(["join"]);
  expect([...pagesOf("app")]).toEqual(["ops"]);
});

test("the engine, the accountants and the schemas come with the worker, not with the page", () => {
  const heavy = /node_modules\/(@tensorflow|zod|socket\.io|engine\.io|@huggingface|csv-parse)\//;
  const ours = /packages\/(training|dp|client|aggregators)\/src\//;
  expect(modules(loadedWith("join")).filter((id) => heavy.test(id) || ours.test(id))).toEqual([]);
});
