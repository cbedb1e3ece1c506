/** What of an invitation takes a while to find out: once for each run, in a thread. */
import { plainSetup } from "@fedtune/core";
import type { RunSetup } from "@fedtune/core";
import type { ThreadPool } from "../workers/thread-pool.ts";
import { promisedPrivacy } from "./invitation-privacy.ts";
import type { PromisedPrivacy } from "./invitation-privacy.ts";
import { trafficOf } from "./invitation-traffic.ts";
import type { Traffic } from "./invitation-traffic.ts";

/** What travels, and what is promised. */
export interface Announced extends Traffic {
  readonly privacy: PromisedPrivacy;
}

/** Finds it out here and now: seconds for a large model and a method that decomposes matrices. */
export function announced(setup: RunSetup): Announced {
  return { ...trafficOf(setup), privacy: promisedPrivacy(setup.resolved.config) };
}

/** Finds it out in a thread; a failure is not remembered. */
export function announcing(pool: Pick<ThreadPool, "run">): (setup: RunSetup) => Promise<Announced> {
  const known = new WeakMap<RunSetup, Promise<Announced>>();
  return (setup) => {
    const asked = known.get(setup) ?? ask(pool, setup);
    known.set(setup, asked);
    asked.catch(() => known.delete(setup));
    return asked;
  };
}

function ask(pool: Pick<ThreadPool, "run">, setup: RunSetup): Promise<Announced> {
  const task = { setup: plainSetup(setup) };
  return pool.run({ type: "announce", source: { kind: "asked" }, task }, noBlobs);
}

/** The task asks for none. */
const noBlobs = {
  get: (): Promise<never> => Promise.reject(new RangeError("Cannot get a blob: wanted none")),
};
