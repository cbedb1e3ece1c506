/** Closes a run with the seed, the time per package and, as the last line alone, `N passed, N failed`. */
import type { SerializedError } from "vitest";
import type { Reporter, TestModule } from "vitest/node";

interface Count {
  passed: number;
  failed: number;
  skipped: number;
}

export class CountReporter implements Reporter {
  readonly #seed: string;

  constructor(seed: string) {
    this.#seed = seed;
  }

  onTestRunEnd(modules: readonly TestModule[], errors: readonly SerializedError[]): void {
    const count = total(modules);
    // An error outside any test (an unhandled rejection, say) has no test to fail: it counts as one.
    count.failed += errors.length;
    const lines = [
      `   Property seed  ${this.#seed} (repeat with FC_SEED=${this.#seed})`,
      "",
      ...timePerPackage(modules),
      ...(count.skipped > 0 ? [`${String(count.skipped)} skipped`] : []),
      `${String(count.passed)} passed, ${String(count.failed)} failed`,
    ];
    process.stdout.write(`${lines.join("\n")}\n`);
  }
}

function total(modules: readonly TestModule[]): Count {
  const count: Count = { passed: 0, failed: 0, skipped: 0 };
  for (const module of modules) {
    let failedHere = 0;
    for (const test of module.children.allTests()) {
      const { state } = test.result();
      if (state === "passed") count.passed += 1;
      else if (state === "failed") failedHere += 1;
      else count.skipped += 1;
    }
    // A file that does not load, or whose hooks fail, has no failed test to show.
    if (failedHere === 0 && !module.ok()) failedHere = 1;
    count.failed += failedHere;
  }
  return count;
}

function timePerPackage(modules: readonly TestModule[]): string[] {
  const times = new Map<string, number>();
  for (const module of modules) {
    const name = packageOf(module.relativeModuleId);
    const { duration, setupDuration, collectDuration, prepareDuration } = module.diagnostic();
    const spent = duration + setupDuration + collectDuration + prepareDuration;
    times.set(name, (times.get(name) ?? 0) + spent);
  }
  return [...times]
    .sort(([, a], [, b]) => b - a)
    .map(([name, ms]) => `${(ms / 1000).toFixed(1).padStart(8)} s  ${name}`);
}

function packageOf(path: string): string {
  const [top = path, name = ""] = path.split("/");
  return top === "test" ? "test" : `${top}/${name}`;
}
