/** Running a server: settings, health, figures, logs, leaving, blobs in a bucket. */
export { blobPlace } from "./blob-place.ts";
export type { BlobPlace, S3Place } from "./blob-place.ts";
export { drainer, drainOnSignals } from "./drain.ts";
export type { Drain, Drained, DrainOptions, SignalPorts } from "./drain.ts";
export {
  blobsWritable,
  databaseAnswers,
  healthRouter,
  migrationsApplied,
  notDraining,
  queryPool,
} from "./health.ts";
export type { Check, CheckResult, HealthOptions, QueryPool, Readiness } from "./health.ts";
export { secretNames, serverLogging } from "./logging.ts";
export type { LoggingOptions, ServerLogging } from "./logging.ts";
export { meteredStore, meteredTransport } from "./metered.ts";
export { metricsRouter, serverMetrics } from "./metrics.ts";
export type { Figures, MetricsOptions, ServerMetrics } from "./metrics.ts";
export { openS3Blobs } from "./s3-blobs.ts";
export type { S3BlobsOptions } from "./s3-blobs.ts";
export { readSettings, settingsTable } from "./settings.ts";
export type { ServerSettings, SettingsFile, SettingsSources } from "./settings.ts";
