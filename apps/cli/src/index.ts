/** Fedtune from a program. */
export { runExperiment } from "./experiment/run-experiment.ts";
export type {
  ExperimentInput,
  ExperimentOptions,
  ExperimentProgress,
  PlayedExperiment,
} from "./experiment/run-experiment.ts";
