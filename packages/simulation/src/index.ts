/** Simulation: the live engine and client loop over a memory network and virtual time. */
export { simulate } from "./simulate.ts";
export type { SimulatedClient, SimulatedWorld, SimulationOptions, SimulationResult } from "./simulate.ts";
export { trainerPool } from "./trainer-pool.ts";
