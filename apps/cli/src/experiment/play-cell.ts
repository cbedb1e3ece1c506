/** One cell of an experiment, from its config to what became of it. */
import { asFedtuneError, float32Bytes } from "@fedtune/core";
import type { ErrorCode, Metrics } from "@fedtune/core";
import { nodeHash } from "@fedtune/node-ports";
import { reportRows } from "@fedtune/simulation";
import type { Cell, CellResult, ClientOutcome, SimulationResult } from "@fedtune/simulation";
import { playSimulation } from "../run/play-simulation.ts";
import { draftSimulation, prepareSimulation } from "../run/prepare-simulation.ts";
import type { PreparedSimulation } from "../run/prepare-simulation.ts";
import type { CellContext } from "./cell-context.ts";

/** What a cell comes to besides itself. */
type Outcome = Omit<CellResult, keyof Cell>;

const nothing: Omit<Outcome, "status" | "failure"> = {
  configHash: null,
  adapterHash: null,
  rows: [],
  shares: null,
  clients: [],
};

/** What every cell would fail with: it says nothing about this one. */
const ofTheMachine: ReadonlySet<ErrorCode> = new Set(["backend-unavailable", "backend-broken"]);

/**
 * Plays a cell; whatever is wrong with it is its result.
 *
 * @throws FedtuneError `cancelled` when `signal` ends it, `backend-unavailable` and `backend-broken`
 */
export async function playCell(
  cell: Cell,
  context: CellContext,
  signal: AbortSignal,
): Promise<CellResult> {
  try {
    return { ...cell, ...(await outcomeOf(cell, context, signal)) };
  } catch (error) {
    signal.throwIfAborted();
    const { code, message } = asFedtuneError(error);
    if (ofTheMachine.has(code)) throw error;
    return { ...cell, ...nothing, status: "failed", failure: { code, message } };
  }
}

async function outcomeOf(cell: Cell, context: CellContext, signal: AbortSignal): Promise<Outcome> {
  const { reader } = context;
  const draft = await draftSimulation({ value: cell.config, place: () => null }, reader);
  const prepared = await prepareSimulation(draft, reader);
  const {
    population: { clients, devices },
    model,
    simulation: { sharePersonal, noiseCohort },
  } = prepared;
  const trainer = await context.trainerOf(model);
  const heard = new Map<string, { readonly round: number; readonly metrics: Metrics }>();
  const result = await playSimulation(
    { ...prepared, clients, devices, sharePersonal, noiseCohort },
    {
      trainer,
      signal,
      clientListener: ({ name }) => ({
        evaluated: ({ round, metrics }) => {
          if (metrics !== null) heard.set(name, { round, metrics });
        },
      }),
    },
  );
  signal.throwIfAborted();
  return played(prepared, result, clientsOf(result, prepared, heard));
}

function played(
  { population: { shares } }: PreparedSimulation,
  { resolved, history, end, adapter }: SimulationResult,
  clients: readonly ClientOutcome[],
): Outcome {
  const shared = {
    configHash: resolved.hash,
    rows: reportRows(history, resolved.config),
    shares,
  };
  if (end.status === "completed") {
    const adapterHash = nodeHash.sha256(float32Bytes(adapter));
    return { ...shared, status: "completed", failure: null, adapterHash, clients };
  }
  const failure = end.failure ?? { code: "run-stopped", message: "The run was stopped" };
  return { ...shared, status: "failed", failure, adapterHash: null, clients: [] };
}

/** What clients said of the last round, in the order of the roster. */
function clientsOf(
  { history }: SimulationResult,
  { population }: PreparedSimulation,
  heard: ReadonlyMap<string, { readonly round: number; readonly metrics: Metrics }>,
): ClientOutcome[] {
  const last = history.evaluations.at(-1)?.round;
  return population.clients.flatMap(({ name }) => {
    const said = heard.get(name);
    if (said === undefined || said.round !== last) return [];
    const { examples = 0, ...metrics } = said.metrics;
    return [{ name, examples, metrics }];
  });
}
