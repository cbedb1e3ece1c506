/** The one list of combiners. Names, schemas, tables and the conformance runs follow from it. */
import { plainMean } from "@fedtune/core";
import { median } from "./median.ts";
import { multiKrum } from "./multi-krum.ts";
import { normClipping } from "./norm-clipping.ts";
import { trimmedMean } from "./trimmed-mean.ts";

/** Every rule that may stand before a method; the first one, which changes nothing, is the default. */
export const combiners = [plainMean, normClipping, median, trimmedMean, multiKrum] as const;
