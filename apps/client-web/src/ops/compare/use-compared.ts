import type { OutputOf } from "@fedtune/api";
import { useQueries, useQueryClient } from "@tanstack/react-query";
import { useMemo } from "react";
import { useApi } from "../api/context.tsx";
import { allows, useMe } from "../api/session.ts";
import { epsilonOf, privacyView } from "../run/model/privacy.ts";
import { roundFigures } from "../run/model/round-figures.ts";
import { settingsOf } from "../run/model/settings.ts";
import type { Evaluation, Round, Run, RunCost } from "../run/model/api-types.ts";
import { estimateQuery, evaluationsQuery, roundsQuery, runQuery } from "../run/queries.ts";
import { simulationId, simulationName, useSimulations } from "../simulations/use-simulations.ts";
import type { Simulation } from "../simulations/model/simulation.ts";
import type { ComparedRun } from "./model/groups.ts";

/** Runs of a comparison as far as they have come. */
export interface Compared {
  readonly runs: readonly ComparedRun[];
  readonly isLoading: boolean;
  /** Runs that could not be read, with the reason. */
  readonly failed: readonly { readonly id: string; readonly error: unknown }[];
}

interface Read {
  readonly run: Run;
  readonly rounds: readonly Round[];
  readonly evaluations: readonly Evaluation[];
  readonly epsilon: RunCost["epsilon"];
}

function comparedOf({ run, rounds, evaluations, epsilon }: Read): ComparedRun {
  const { seed, method } = settingsOf(run.config);
  const privacy = privacyView({ run, estimate: epsilon });
  const rows = roundFigures({ rounds, evaluations, epsilonAfter: epsilonOf(privacy) });
  const { id, config, configHash } = run;
  return { name: id, id, seed, method, config, configHash, rows, isSimulation: false };
}

function simulated({ id, name, settings, config, configHash, rows }: Simulation): ComparedRun {
  const { seed, method } = settings;
  return {
    ...{ name: simulationName(id), id: name, seed, method, config, rows, isSimulation: true },
    configHash: configHash ?? id,
  };
}

/** Reads runs and simulations by the names that stand in an address. */
export function useCompared(names: readonly string[]): Compared {
  const simulations = useSimulations();
  const live = useMemo(() => names.filter((name) => simulationId(name) === null), [names]);
  const read = useLive(live);
  return useMemo(() => {
    const byName = new Map(live.map((name, at) => [name, read[at]]));
    const held = new Map((simulations.list ?? []).map((one) => [one.id, one]));
    const runs = names.flatMap((name): ComparedRun[] => {
      const id = simulationId(name);
      const simulation = id === null ? undefined : held.get(id);
      if (simulation !== undefined) return [simulated(simulation)];
      const own = byName.get(name)?.read;
      return own === null || own === undefined ? [] : [comparedOf(own)];
    });
    const failed = live.flatMap((id, at) => {
      const error = read[at]?.error ?? null;
      return error === null ? [] : { id, error };
    });
    const isLoading =
      simulations.list === null ||
      read.some(({ read: own, error }) => own === null && error === null);
    return { runs, failed, isLoading };
  }, [names, live, read, simulations.list]);
}

interface Reading {
  readonly read: Read | null;
  readonly error: unknown;
}

interface Parts<Data> {
  readonly data: readonly (Data | undefined)[];
  readonly errors: readonly unknown[];
}

/** What some queries have come to; the same array while none of it changes. */
function partsOf<Data>(
  results: readonly { readonly data: Data | undefined; readonly error: unknown }[],
): Parts<Data> {
  return { data: results.map(({ data }) => data), errors: results.map(({ error }) => error) };
}

/** All parts of the runs, in the order of their names. */
function useLive(names: readonly string[]): readonly Reading[] {
  const api = useApi();
  const cache = useQueryClient();
  const mayAsk = allows(useMe(), "runs:write");
  const readers = names.map((run) => ({ api, cache, run }));
  const runs = useQueries({
    queries: readers.map((reader) => runQuery(reader)),
    combine: partsOf<Run>,
  });
  const rounds = useQueries({
    queries: readers.map((reader) => roundsQuery(reader)),
    combine: partsOf<readonly Round[]>,
  });
  const evaluations = useQueries({
    queries: readers.map((reader) => evaluationsQuery(reader)),
    combine: partsOf<readonly Evaluation[]>,
  });
  const estimates = useQueries({
    queries: runs.data.map((run) => ({
      ...estimateQuery(api, run?.config ?? {}),
      enabled: mayAsk && run !== undefined,
    })),
    combine: partsOf<OutputOf<"estimateRun">>,
  });
  return useMemo(
    () =>
      names.map((_, at): Reading => {
        const [run, list, scores] = [runs.data[at], rounds.data[at], evaluations.data[at]];
        const error = runs.errors[at] ?? rounds.errors[at] ?? evaluations.errors[at] ?? null;
        if (run === undefined || list === undefined || scores === undefined)
          return { read: null, error };
        const epsilon = estimates.data[at]?.cost?.epsilon ?? null;
        return { read: { run, rounds: list, evaluations: scores, epsilon }, error: null };
      }),
    [names, runs, rounds, evaluations, estimates],
  );
}
