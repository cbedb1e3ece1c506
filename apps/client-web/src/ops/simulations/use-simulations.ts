import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import type { ReadSimulation, Simulation } from "./model/simulation.ts";
import type { SimulationStore } from "./store.ts";

const key = ["simulations"];
let opening: Promise<SimulationStore> | null = null;

/** The store of this tab; the code of the database comes with the first look at it. */
function opened(): Promise<SimulationStore> {
  opening ??= import("./store.ts").then(({ openSimulations }) => openSimulations());
  return opening;
}

/** Simulations of this browser; null: they are not read yet. */
export function useSimulations(): {
  readonly list: readonly Simulation[] | null;
  readonly isLasting: boolean;
} {
  const { data } = useQuery({
    queryKey: key,
    queryFn: async () => {
      const store = await opened();
      return { list: await store.list(), isLasting: store.isLasting };
    },
    staleTime: Number.POSITIVE_INFINITY,
    structuralSharing: false,
  });
  return { list: data?.list ?? null, isLasting: data?.isLasting ?? true };
}

/** Keeps simulations. */
export function useAddSimulations() {
  const cache = useQueryClient();
  return useMutation({
    mutationFn: async (found: readonly ReadSimulation[]) => (await opened()).add(found, Date.now()),
    onSuccess: () => cache.invalidateQueries({ queryKey: key, exact: true }),
  });
}

/** Forgets a simulation. */
export function useRemoveSimulation() {
  const cache = useQueryClient();
  return useMutation({
    mutationFn: async (id: string) => (await opened()).remove(id),
    onSuccess: () => cache.invalidateQueries({ queryKey: key, exact: true }),
  });
}

const prefix = "sim:";

/** A simulation's name among runs. */
export const simulationName = (id: string): string => prefix + id;

/** The id of a simulation that stands among runs; null: the name is a run's. */
export const simulationId = (name: string): string | null =>
  name.startsWith(prefix) ? name.slice(prefix.length) : null;
