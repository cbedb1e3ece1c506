/** The arithmetic of one round: its updates, or what stands for them, through the method. */
import type { MethodResult } from "../method.ts";
import type { Clock, UpdatePrivacy } from "../ports.ts";
import type { AggregationErrorRow, RoundRow } from "../store/store.ts";
import type { ClosedRound } from "./global-model.ts";
import { nothingMeasured, openMeasurement } from "./measurement.ts";
import { privateRound } from "./private-round.ts";
import type { RunSetup } from "./setup.ts";

/** What a round is combined on. */
export interface Combining {
  readonly setup: RunSetup;
  readonly ports: { readonly clock: Pick<Clock, "after"> };
  /** Null where the updates themselves may be read. */
  readonly privacy: UpdatePrivacy | null;
  /** What the last round left. */
  readonly current: { readonly state: unknown; readonly privacy: RoundRow["privacy"] };
}

/** What a round comes to. */
export interface Combined {
  readonly result: MethodResult<unknown>;
  readonly error: AggregationErrorRow;
  readonly privacy: RoundRow["privacy"];
}

/** Runs a closed round through the method. */
export async function combine(on: Combining, closed: ClosedRound): Promise<Combined> {
  const { setup, privacy: port, current } = on;
  if (port !== null) {
    const { state, privacy: before } = current;
    const { readable, privacy } = await privateRound(setup, closed, {
      privacy: port,
      state,
      before,
    });
    return { ...(await accumulate(on, readable)), privacy };
  }
  if (closed.accepted > 0) return { ...(await accumulate(on, closed)), privacy: null };
  // Poisson sampling may draw nobody: the round counts, and nothing changes.
  const result = { state: current.state, parts: [], metrics: {} };
  return { result, error: nothingMeasured, privacy: null };
}

async function accumulate({ setup, ports, current: { state } }: Combining, closed: ClosedRound) {
  const { method } = setup.resolved;
  const { round, sampled, accepted, totalWeight } = closed;
  const facts = { round, sampled, accepted, totalWeight };
  const measurement = openMeasurement(setup, { state, round, clients: accepted });
  let accumulator = method.begin(state, facts, { index: 0, previous: null });
  for (let pass = 0; pass < method.passes; pass++) {
    if (pass > 0) accumulator = method.begin(state, facts, { index: pass, previous: accumulator });
    for await (const update of closed.updates()) {
      if (pass === 0) measurement.add(update);
      method.accumulate(accumulator, update);
    }
  }
  const result = method.finish(state, accumulator, setup.rng.fork(`round/${round}/finish`));
  const pause = (): Promise<void> =>
    new Promise((resolve) => {
      ports.clock.after(0, resolve);
    });
  return { result, error: await measurement.finish(result, pause) };
}
