/** Experiments as pages, figures, tables and event files. */
export { mlflowClient } from "./mlflow/client.ts";
export type { Mlflow, MlflowCall, MlflowCredentials, MlflowOptions } from "./mlflow/client.ts";
export { sendRuns } from "./mlflow/send.ts";
export type { SentRuns } from "./mlflow/send.ts";
export { readExperiments } from "./read/experiment-folder.ts";
export type { LabelledResult } from "./summary/layout.ts";
export { writeEvents } from "./tensorboard/write-events.ts";
export { writeComparison, writeReport } from "./write-report.ts";
