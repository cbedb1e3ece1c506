/** The worker's side of a trainer in a worker, whatever the platform calls a worker. */
import type { TrainControl } from "@fedtune/core";
import type { AskMessage, FromWorker, TaskTable, ToWorker } from "./worker-messages.ts";
import { toPlain } from "./worker-messages.ts";

/** What carries out each task. */
export type TaskHandlers<T extends TaskTable<T>> = {
  readonly [Name in keyof T]: (
    job: T[Name]["job"],
    control: TrainControl,
  ) => Promise<T[Name]["result"]>;
};

/** A worker that can work. */
export interface Service<T extends TaskTable<T>, Ready> {
  /** Told to the parent. */
  readonly ready: Ready;
  readonly handlers: TaskHandlers<T>;
  /** Resolves once the device owes no answer any more. */
  close?(): Promise<void>;
}

/** The worker's line to its parent. */
export interface ServiceLine<T extends TaskTable<T>, Ready> {
  tell(message: FromWorker<T, Ready>): void;
  /** A running task is to end: whatever it waits for should let it go on, so that it notices. */
  onAbort?(): void;
  /** The worker was asked to close, and can be ended. */
  onClosed?(): void;
}

/** Starts the service; the result takes what the parent says. Tasks wait until it is ready, and none is answered if it fails. */
export function serveTasks<T extends TaskTable<T>, Ready>(
  line: ServiceLine<T, Ready>,
  start: () => Promise<Service<T, Ready>>,
): (message: ToWorker<T>) => void {
  const aborts = new Map<number, AbortController>();
  const perform = async ({ id, task, job }: AskMessage<T>): Promise<void> => {
    const abort = new AbortController();
    aborts.set(id, abort);
    try {
      const { handlers } = await started;
      const result = await handlers[task](job, {
        signal: abort.signal,
        onProgress: (progress) => line.tell({ type: "progress", id, progress }),
      });
      line.tell({ type: "done", id, result });
    } catch (error) {
      line.tell({ type: "error", id, error: toPlain(error) });
    } finally {
      aborts.delete(id);
    }
  };
  const started = start();
  started.then(
    ({ ready }) => line.tell({ type: "ready", ready }),
    (error: unknown) => line.tell({ type: "failed", error: toPlain(error) }),
  );
  const close = async (): Promise<void> => {
    for (const abort of aborts.values()) abort.abort();
    // Ended it is whatever happens: it may never have started, or have lost its device.
    await started.then((service) => service.close?.()).catch(() => undefined);
    line.onClosed?.();
  };
  return (message) => {
    if (message.type === "ask") {
      void perform(message);
      return;
    }
    if (message.type === "close") void close();
    else aborts.get(message.id)?.abort();
    line.onAbort?.();
  };
}
