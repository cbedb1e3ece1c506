/** Experiments as pages, figures, tables and event files. */
export type { LabelledResult } from "./summary/layout.ts";
export { writeComparison, writeReport } from "./write-report.ts";
