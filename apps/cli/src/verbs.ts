/** The one list of verbs. */
import type { Verb } from "./verb.ts";
import { aggregate } from "./verbs/aggregate.ts";
import { db } from "./verbs/db.ts";
import { demo } from "./verbs/demo.ts";
import { doctor } from "./verbs/doctor.ts";
import { evaluate } from "./verbs/eval.ts";
import { exportAdapter } from "./verbs/export.ts";
import { join } from "./verbs/join.ts";
import { merge } from "./verbs/merge.ts";
import { methods } from "./verbs/methods.ts";
import { privacy } from "./verbs/privacy.ts";
import { report } from "./verbs/report.ts";
import { run } from "./verbs/run.ts";
import { serve } from "./verbs/serve.ts";
import { simulate } from "./verbs/simulate.ts";
import { token } from "./verbs/token.ts";
import { tryOut } from "./verbs/try.ts";
import { worker } from "./verbs/worker.ts";

/** Every verb, in the order of the help. */
export const verbs: readonly Verb[] = [
  demo,
  simulate,
  report,
  worker,
  serve,
  join,
  run,
  token,
  aggregate,
  evaluate,
  tryOut,
  merge,
  exportAdapter,
  methods,
  privacy,
  db,
  doctor,
];
