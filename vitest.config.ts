import { randomInt } from "node:crypto";
import { defineConfig, type TestProjectConfiguration } from "vitest/config";
import { CountReporter } from "./test/support/count-reporter.ts";

const roots = ["packages/*/src", "apps/*/src", "test"];
const files = (suffix: string) =>
  roots.flatMap((root) => [`${root}/**/*${suffix}`, `${root}/**/*${suffix}x`]);

/** One seed per run for property tests; FC_SEED repeats an earlier run. */
const seed = process.env["FC_SEED"] ?? String(randomInt(2 ** 31));

// The source condition makes every package its own TypeScript source: tests never need a build. Vitest hands the list to
// Node as well, so it must not name `import`: a `require` inside a dependency would get the ES module.
const conditions = ["@fedtune/source", "node"];

/** A test says by its suffix what it needs; the groups run one after the other. */
const suffixes = {
  tfjs: ".tfjs.test.ts",
  e2e: ".e2e.test.ts",
  full: ".full.test.ts",
} as const;

function projects(mode: string): TestProjectConfiguration[] {
  const minute = 60_000;
  const pure = {
    extends: true,
    test: {
      name: "pure",
      include: files(".test.ts"),
      exclude: Object.values(suffixes).flatMap(files),
      pool: "threads",
      // They change nothing that another test could see; loading every module anew for each file took twice as long.
      isolate: false,
      testTimeout: minute / 2,
      sequence: { groupOrder: 0 },
    },
  } satisfies TestProjectConfiguration;
  const apart = (
    name: keyof typeof suffixes,
    groupOrder: number,
    { testTimeout, maxWorkers }: { testTimeout: number; maxWorkers: number },
  ) =>
    ({
      extends: true,
      test: {
        name,
        include: files(suffixes[name]),
        // One process per file: memory is never shared, and ports are whichever are free.
        pool: "forks",
        maxWorkers,
        testTimeout,
        hookTimeout: testTimeout,
        sequence: { groupOrder },
      },
    }) satisfies TestProjectConfiguration;
  return [
    pure,
    apart("tfjs", 1, { testTimeout: 2 * minute, maxWorkers: 2 }),
    apart("e2e", 2, { testTimeout: 3 * minute, maxWorkers: 2 }),
    // What they measure must not be another test's.
    ...(mode === "full" ? [apart("full", 3, { testTimeout: 30 * minute, maxWorkers: 1 })] : []),
  ];
}

export default defineConfig(({ mode }) => ({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    env: { FC_SEED: seed, TESTS: mode === "full" ? "full" : "short" },
    setupFiles: ["./packages/testkit/src/setup.ts"],
    reporters: ["default", new CountReporter(seed)],
    projects: projects(mode),
  },
}));
