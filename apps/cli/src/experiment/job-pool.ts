/** Processes that wait for cells of any experiment, each with its base model open. */
import type { Cell } from "@fedtune/simulation";
import type { Engine } from "./engine.ts";
import { startJob } from "./job.ts";
import type { Job, PlayedCell } from "./job.ts";

/** Idle processes by engine. */
export interface JobPool {
  /**
   * Plays a cell in an idle process, or in a new one.
   *
   * @throws Error when the process ends before its answer; FedtuneError when it can play no cell
   */
  play(cell: Cell, engine: Engine): Promise<PlayedCell>;
  /** Ends every process; what they were playing is lost. */
  end(): void;
}

/** Opens an empty pool; it never holds more processes than cells were played at a time. */
export function jobPool(start: (engine: Engine) => Job = startJob): JobPool {
  const idle = new Map<string, Job[]>();
  const all = new Set<Job>();
  return {
    async play(cell, engine) {
      const waiting = idle.get(engine.text) ?? [];
      idle.set(engine.text, waiting);
      const job = waiting.pop() ?? start(engine);
      all.add(job);
      try {
        const played = await job.play(cell);
        if (played === null) throw new Error("the process that played it ended before its answer");
        waiting.push(job);
        return played;
      } catch (error) {
        all.delete(job);
        job.end();
        throw error;
      }
    },
    end: () => {
      for (const job of all) job.end();
      all.clear();
      idle.clear();
    },
  };
}
