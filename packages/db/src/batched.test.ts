import { describe, expect, it } from "vitest";
import { batched } from "./batched.ts";

/** A database that answers when it is told to. */
function bench() {
  const asked: (readonly number[])[] = [];
  const open: { resolve: (answers: readonly number[]) => void; reject: (error: Error) => void }[] =
    [];
  const ask = batched<number, number>(
    (all) =>
      new Promise((resolve, reject) => {
        asked.push(all);
        open.push({ resolve, reject });
      }),
    { most: 3 },
  );
  return { ask, asked, open };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("batches", () => {
  it("hold what is asked in one turn, and then what came while the batch before was under way", async () => {
    const { ask, asked, open } = bench();
    const first = [ask(1), ask(2)];
    await turn();
    expect(asked).toEqual([[1, 2]]);
    const second = [ask(3), ask(4), ask(5), ask(6)];
    await turn();
    expect(asked).toHaveLength(1);
    open[0]!.resolve([10, 20]);
    await expect(Promise.all(first)).resolves.toEqual([10, 20]);
    await turn();
    expect(asked[1]).toEqual([3, 4, 5]);
    open[1]!.resolve([30, 40, 50]);
    await turn();
    expect(asked[2]).toEqual([6]);
    open[2]!.resolve([60]);
    await expect(Promise.all(second)).resolves.toEqual([30, 40, 50, 60]);
  });

  it("fail as a whole, and the next one is tried all the same", async () => {
    const { ask, open } = bench();
    const both = Promise.allSettled([ask(1), ask(2)]);
    await turn();
    open[0]!.reject(new Error("gone"));
    expect((await both).map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    const later = ask(3);
    await turn();
    open[1]!.resolve([30]);
    await expect(later).resolves.toBe(30);
  });

  it("never acknowledge before their answer", async () => {
    const { ask, open } = bench();
    let isThere = false;
    const one = ask(1).then(() => (isThere = true));
    await turn();
    expect(isThere).toBe(false);
    open[0]!.resolve([1]);
    await one;
    expect(isThere).toBe(true);
  });

  it("do not take fewer answers than questions", async () => {
    const { ask, open } = bench();
    const both = Promise.allSettled([ask(1), ask(2)]);
    await turn();
    open[0]!.resolve([10]);
    expect((await both).every(({ status }) => status === "rejected")).toBe(true);
  });
});
