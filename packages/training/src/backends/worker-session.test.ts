import { FedtuneError } from "@fedtune/core";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { FromWorker, ToWorker } from "./worker-messages.ts";
import { toPlain } from "./worker-messages.ts";
import { serveTasks } from "./worker-service.ts";
import type { WorkerEvents } from "./worker-session.ts";
import { workerTasks } from "./worker-session.ts";

const noAbort = { signal: new AbortController().signal };

interface Toy {
  readonly double: { readonly job: number; readonly result: number };
  readonly wait: { readonly job: null; readonly result: null };
}

/** Workers in this thread: messages take a turn, and each worker can be ended by the test. */
function toyWorkers(start: () => Promise<string> = () => Promise.resolve("ready")) {
  const opened: { events: WorkerEvents<Toy, string>; posted: ToWorker<Toy>[]; ended: boolean }[] =
    [];
  const lost: FedtuneError[] = [];
  const tasks = workerTasks<Toy, string>({
    onLost: (error) => lost.push(error),
    open(events) {
      const worker = { events, posted: [] as ToWorker<Toy>[], ended: false };
      const later = (work: () => void) => queueMicrotask(() => !worker.ended && work());
      const receive = serveTasks<Toy, string>(
        { tell: (message) => later(() => events.message(message)) },
        async () => ({
          ready: await start(),
          handlers: {
            double(job, { onProgress }) {
              onProgress?.({ done: 1, total: 1 });
              if (job < 0) throw new FedtuneError("data-invalid", "negative", { data: { job } });
              return Promise.resolve(2 * job);
            },
            wait: (_, { signal }) =>
              new Promise((resolve) => signal.addEventListener("abort", () => resolve(null))),
          },
        }),
      );
      opened.push(worker);
      return {
        post: (message) => {
          worker.posted.push(message);
          later(() => receive(message));
        },
        end: () => {
          worker.ended = true;
        },
      };
    },
  });
  return { tasks, opened, lost };
}

describe("tasks over a worker", () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  test("[TN16] start it with the first of them, in order, with progress, and keep error codes", async () => {
    const { tasks, opened } = toyWorkers();
    expect(opened).toHaveLength(0);
    const steps: number[] = [];
    const control = { ...noAbort, onProgress: ({ done }: { done: number }) => steps.push(done) };
    const both = Promise.all([tasks.ask("double", 4, control), tasks.ask("double", 5, control)]);
    expect(await both).toEqual([8, 10]);
    expect(steps).toEqual([1, 1]);
    await expect(tasks.ask("double", -1, noAbort)).rejects.toMatchObject({
      code: "data-invalid",
      data: { job: -1 },
    });
    expect(await tasks.ready()).toBe("ready");
    expect(opened).toHaveLength(1);
  });

  test("[TN16] fail with what kept the worker from starting, and the next one starts another", async () => {
    let isBroken = true;
    const { tasks, opened, lost } = toyWorkers(() =>
      isBroken
        ? Promise.reject(new FedtuneError("model-invalid", "no model"))
        : Promise.resolve("ok"),
    );
    await expect(tasks.ask("double", 1, noAbort)).rejects.toMatchObject({ code: "model-invalid" });
    expect([opened[0]?.ended, lost.length]).toEqual([true, 1]);
    isBroken = false;
    expect(await tasks.ask("double", 1, noAbort)).toBe(2);
    expect(opened).toHaveLength(2);
  });

  test("[TN16] all fail when it ends, and what a dead worker still says is nothing to the next", async () => {
    const { tasks, opened, lost } = toyWorkers();
    await tasks.ready();
    const waiting = [tasks.ask("wait", null, noAbort), tasks.ask("wait", null, noAbort)];
    const settled = Promise.allSettled(waiting);
    await vi.advanceTimersByTimeAsync(1);
    const error = new FedtuneError("training-failed", "it crashed");
    opened[0]!.events.ended(error);
    expect(await settled).toEqual([
      { status: "rejected", reason: error },
      { status: "rejected", reason: error },
    ]);
    const next = tasks.ask("double", 3, noAbort);
    opened[0]!.events.ended(new FedtuneError("internal", "again"));
    const late: FromWorker<Toy, string> = { type: "failed", error: toPlain(error) };
    opened[0]!.events.message(late);
    expect(await next).toBe(6);
    expect([opened.length, lost.length]).toEqual([2, 1]);
  });

  test("[TN7] are told to stop, and a worker that does not within half a minute is ended", async () => {
    const { tasks, opened, lost } = toyWorkers();
    const [gentle, deaf] = [new AbortController(), new AbortController()];
    await tasks.ready();
    const stopped = tasks.ask("wait", null, { signal: gentle.signal });
    await vi.advanceTimersByTimeAsync(1);
    gentle.abort();
    expect(await stopped).toBeNull();
    const ignored = tasks.ask("wait", null, { signal: deaf.signal });
    const failed = expect(ignored).rejects.toMatchObject({ code: "cancelled" });
    await vi.advanceTimersByTimeAsync(1);
    opened[0]!.posted.length = 0;
    // From here on it hears nothing.
    opened[0]!.ended = true;
    deaf.abort();
    await vi.advanceTimersByTimeAsync(29_000);
    expect(opened[0]!.posted).toEqual([{ type: "abort", id: 2 }]);
    await vi.advanceTimersByTimeAsync(2_000);
    await failed;
    expect(await tasks.ask("double", 2, noAbort)).toBe(4);
    expect([opened.length, lost.length]).toEqual([2, 0]);
  });

  test("[TN7] that were cancelled before they began start nothing", async () => {
    const { tasks, opened } = toyWorkers();
    const done = new AbortController();
    done.abort();
    await expect(tasks.ask("double", 1, { signal: done.signal })).rejects.toMatchObject({
      code: "cancelled",
    });
    expect(opened).toHaveLength(0);
  });

  test("[TN7] that are cancelled while the worker starts do not wait for it, and others do", async () => {
    let begin = (): void => undefined;
    const { tasks, opened } = toyWorkers(
      () => new Promise((resolve) => (begin = () => resolve("late"))),
    );
    const unwanted = new AbortController();
    const cancelled = tasks.ask("double", 1, { signal: unwanted.signal });
    const wanted = tasks.ask("double", 2, noAbort);
    unwanted.abort();
    await expect(cancelled).rejects.toMatchObject({ code: "cancelled" });
    begin();
    expect(await wanted).toBe(4);
    expect(opened[0]?.posted.map(({ type }) => type)).toEqual(["ask"]);
  });

  test("[TN16] fail when it is closed, which a later one does not mind", async () => {
    const { tasks, opened, lost } = toyWorkers();
    await tasks.close();
    const waiting = tasks.ask("wait", null, noAbort);
    const failed = expect(waiting).rejects.toMatchObject({ code: "training-failed" });
    await vi.advanceTimersByTimeAsync(1);
    await tasks.close();
    await failed;
    expect(opened[0]?.ended).toBe(true);
    expect(await tasks.ask("double", 2, noAbort)).toBe(4);
    expect([opened.length, lost.length]).toEqual([2, 0]);
  });
});
