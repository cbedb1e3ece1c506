/** Simulation: the live engine and client loop over a memory network and virtual time. */
export { simulationSchema } from "./config.ts";
export type { SimulationConfig } from "./config.ts";
export { cellHash } from "./experiment/cell-hash.ts";
export type { CellIdentity } from "./experiment/cell-hash.ts";
export { cellName, expandExperiment } from "./experiment/cells.ts";
export type { PlannedCell } from "./experiment/cells.ts";
export type { Preset } from "./experiment/presets/preset.ts";
export { presets } from "./experiment/presets/registry.ts";
export type { Cell, CellResult, ClientOutcome, ExperimentResult } from "./experiment/result.ts";
export { timelessTrainer } from "./experiment/timeless-trainer.ts";
export { experimentSchema, fieldPath } from "./experiment/schema.ts";
export type { Experiment, JsonValue } from "./experiment/schema.ts";
export { cellResultSchema, cellSchema, experimentRecordSchema } from "./experiment/stored.ts";
export type { ExperimentRecord } from "./experiment/stored.ts";
export { describePartition } from "./partition/describe.ts";
export type { ClientDescription, PartitionDescription } from "./partition/describe.ts";
export { partition } from "./partition/partition.ts";
export type { Partition, PartitionTask } from "./partition/partition.ts";
export { partitionSchema, partitionSchemes } from "./partition/registry.ts";
export type { PartitionConfig } from "./partition/registry.ts";
export type { PartitionInput, Scheme, Share } from "./partition/scheme.ts";
export { populate, simulationData, simulationLabels } from "./population.ts";
export type { Population } from "./population.ts";
export { devicesSchema } from "./realism/config.ts";
export type { DevicesConfig } from "./realism/config.ts";
export type { SimulatedDevices } from "./realism/devices.ts";
export { readTrace } from "./realism/trace.ts";
export type { Trace } from "./realism/trace.ts";
export { reportRow, reportRows } from "./report.ts";
export type { ReportRow } from "./report.ts";
export { simulate } from "./simulate.ts";
export type {
  SimulatedClient,
  SimulatedWorld,
  SimulationOptions,
  SimulationResult,
} from "./simulated-run.ts";
export { trainerPool } from "./trainer-pool.ts";
