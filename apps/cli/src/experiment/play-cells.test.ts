import type { Cell } from "@fedtune/simulation";
import { expect, it } from "vitest";
import type { Job, PlayedCell } from "./job.ts";
import { playCells } from "./play-cells.ts";

const cells: readonly Cell[] = ["a", "b", "c", "d", "e"].map((hash) => ({
  ...{ hash, variant: null, settings: {}, seed: 1, config: {} },
}));

function done(cell: Cell): PlayedCell {
  const nothing = { configHash: null, adapterHash: null, rows: [], shares: null, clients: [] };
  return { result: { ...cell, ...nothing, status: "completed", failure: null }, seconds: 1 };
}

const never = new Promise<never>(() => undefined);

/** Processes that are none; `play` says what each makes of a cell. */
function toyPool(play: (cell: Cell, job: number) => Promise<PlayedCell | null>) {
  const seen = { started: 0, open: 0, kept: [] as PlayedCell[], retried: [] as string[] };
  const start = (): Job => {
    const job = (seen.started += 1);
    seen.open += 1;
    let isOpen = true;
    const close = (): void => {
      if (isOpen) seen.open -= 1;
      isOpen = false;
    };
    let stop = (): void => undefined;
    const ended = new Promise<null>((resolve) => {
      stop = () => resolve(null);
    });
    return {
      async play(cell) {
        const answer = await Promise.race([play(cell, job), ended]);
        if (answer === null) close();
        return answer;
      },
      end() {
        close();
        stop();
      },
    };
  };
  const run = (jobs: number, signal = new AbortController().signal) =>
    playCells(cells, {
      ...{ jobs, signal, start },
      played: (cell) => {
        seen.kept.push(cell);
        return Promise.resolve();
      },
      retried: ({ hash }) => void seen.retried.push(hash),
    });
  const kept = (): string[] =>
    seen.kept.map(({ result: { hash, status } }) => `${hash} ${status}`).sort();
  return { seen, run, kept };
}

const allDone = cells.map(({ hash }) => `${hash} completed`);

it.each([
  [1, 1],
  [2, 2],
  [8, 5],
])("plays each cell once with %i jobs in %i processes, and ends them", async (jobs, started) => {
  const { seen, run, kept } = toyPool((cell) => Promise.resolve(done(cell)));
  await run(jobs);
  expect([kept(), seen.started, seen.open]).toEqual([allDone, started, 0]);
});

it("plays a cell once more in a fresh process when its own died", async () => {
  const { seen, run, kept } = toyPool((cell, job) =>
    Promise.resolve(cell.hash === "b" && job === 1 ? null : done(cell)),
  );
  await run(1);
  expect([kept(), seen.retried, seen.started, seen.open]).toEqual([allDone, ["b"], 2, 0]);
});

it("fails a cell whose process died twice, and goes on", async () => {
  const { seen, run, kept } = toyPool((cell) =>
    Promise.resolve(cell.hash === "b" ? null : done(cell)),
  );
  await run(1);
  expect(kept()).toEqual(allDone.map((line) => line.replace("b completed", "b failed")));
  expect(seen.kept[1]!.result.failure?.message).toMatch(/ended before it was done, twice$/);
  expect([seen.started, seen.open]).toEqual([3, 0]);
});

it("ends everything with what kept a cell from being kept", async () => {
  const { seen, run } = toyPool((cell) =>
    cell.hash === "a" ? Promise.reject(new Error("the disk is full")) : never,
  );
  await expect(run(2)).rejects.toThrow("the disk is full");
  expect([seen.kept, seen.open]).toEqual([[], 0]);
});

it("ends its processes when it is told to stop, and gives the reason", async () => {
  const stop = new AbortController();
  const { seen, run, kept } = toyPool((cell) => {
    if (cell.hash !== "c") return Promise.resolve(done(cell));
    stop.abort(new Error("Interrupted"));
    return never;
  });
  await expect(run(1, stop.signal)).rejects.toThrow("Interrupted");
  expect([kept(), seen.retried, seen.open]).toEqual([allDone.slice(0, 2), [], 0]);
});
