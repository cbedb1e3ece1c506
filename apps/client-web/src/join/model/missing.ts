/** What a browser lacks, in words. */
import type { MissingFeature } from "../../participant/index.ts";
import { missingWords } from "../words/common.ts";

/** All that is missing as one list: "storage for pages, locks between tabs". */
export const missingText = (missing: readonly MissingFeature[]): string =>
  missing.map((feature) => missingWords[feature]).join(", ");
