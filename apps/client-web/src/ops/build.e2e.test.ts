/** The built entry of the operators' pages: what it weighs, and what is not in it. */
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "vite";
import type { Rolldown } from "vite";
import { afterAll, beforeAll, expect, it, vi } from "vitest";

const root = join(import.meta.dirname, "../..");

let output: Rolldown.RolldownOutput["output"];

beforeAll(async () => {
  // Else the test runner's own setting would bring React's development build.
  vi.stubEnv("NODE_ENV", "production");
  const built = await build({
    ...{ root, configFile: join(root, "vite.config.ts"), logLevel: "silent" },
    build: { write: false, rolldownOptions: { input: "app.html" } },
  });
  if (!("output" in built)) throw new RangeError("Cannot test a build that watches");
  output = built.output;
});

afterAll(() => {
  vi.unstubAllEnvs();
});

const chunks = () => output.filter((part) => part.type === "chunk");

/** A chunk that holds a module, and all that has to be there before it. */
function needed(module: string): ReadonlyMap<string, Rolldown.OutputChunk> {
  const byName = new Map(chunks().map((chunk) => [chunk.fileName, chunk]));
  const first = chunks().find(({ moduleIds }) => moduleIds.some((id) => id.endsWith(module)));
  if (first === undefined) throw new RangeError(`Cannot find ${module} in the build`);
  const names = new Set([first.fileName]);
  for (const name of names) for (const other of byName.get(name)?.imports ?? []) names.add(other);
  return new Map([...byName].filter(([name]) => names.has(name)));
}

const weight = (parts: Iterable<Rolldown.OutputChunk>): number =>
  [...parts].reduce((sum, { code }) => sum + gzipSync(code, { level: 9 }).length, 0);

const frame = () => new Map([...needed("ops/main.tsx"), ...needed("ops/start.tsx")]);

it("what every page needs is at most 260 kB of JavaScript, compressed", () => {
  const bytes = weight(frame().values());
  expect(bytes).toBeGreaterThan(60_000);
  expect(bytes).toBeLessThanOrEqual(260_000);
});

it.each(["runs/runs-page", "people/people-page", "audit/audit-page", "settings/settings-page"])(
  "%s adds at most 60 kB",
  (page) => {
    const shared = frame();
    const own = [...needed(`ops/${page}.tsx`)].filter(([name]) => !shared.has(name));
    expect(weight(own.map(([, chunk]) => chunk))).toBeLessThanOrEqual(60_000);
  },
);

it("has nothing of the pages for data holders, and no engine", () => {
  const modules = chunks().flatMap(({ moduleIds }) => moduleIds);
  const foreign = /client-web\/src\/(join|participant|training)\/|@tensorflow/;
  expect(modules.filter((id) => foreign.test(id))).toEqual([]);
});
