/** How a run is evaluated: by whom, how often, and on which examples. */
import { z } from "zod";
import type { HeadPolicy, Method } from "../method.ts";
import type { InputIssue } from "./issues.ts";

/** Where evaluation happens: at the coordinator on its own data, or at the clients on theirs. */
export const evaluationPlaces = ["central", "federated"] as const;
/** One of {@link evaluationPlaces}. */
export type EvaluationPlace = (typeof evaluationPlaces)[number];

/** Share of a client's examples that it evaluates on where nothing else is said. */
const DEFAULT_HOLDOUT = 0.2;

/** When, where and on what the adapter is evaluated; Flower's words where it has them. */
export const evaluationSchema = z.strictObject({
  everyRounds: z
    .int()
    .min(0)
    .default(1)
    .describe("after every so many rounds, before the first and after the last; 0: never"),
  where: z
    .enum(evaluationPlaces)
    .nullable()
    .default(null)
    .describe(
      "central: the coordinator on its data; federated: clients on theirs; null: federated where clients keep factors",
    ),
  fractionEvaluate: z
    .number()
    .positive()
    .max(1)
    .default(1)
    .describe("federated: share of the available clients that is asked, at least one"),
  evaluateTimeoutMs: z
    .int()
    .positive()
    .max(7 * 86_400_000)
    .default(600_000)
    .describe("longest evaluation; what a client or the coordinator finds later does not count"),
  holdout: z
    .number()
    .min(0)
    .max(0.9)
    .nullable()
    .default(null)
    .describe(
      "share of each client's examples that is kept out of training, for a client without evaluation data of its own; " +
        "null: 0.2 with federated evaluation, else 0",
    ),
  metric: z
    .string()
    .min(1)
    .max(64)
    .default("loss")
    .describe("decides which round is the best: of a loss the lowest, else the highest value"),
  earlyStopping: z
    .strictObject({
      patience: z
        .int()
        .positive()
        .max(1000)
        .default(3)
        .describe("the run ends after so many evaluations without a better one"),
      minDelta: z.number().min(0).default(0).describe("least difference that counts as better"),
    })
    .nullable()
    .default(null)
    .describe("ends the run before its last round; null: never"),
  aggregationError: z
    .boolean()
    .default(true)
    .describe("measures how far each broadcast is from the mean of the clients' products"),
});

type ParsedEvaluation = z.output<typeof evaluationSchema>;

/** Evaluation settings with nothing left open. */
export type EvaluationSettings = Omit<ParsedEvaluation, "where" | "holdout"> & {
  readonly where: EvaluationPlace;
  readonly holdout: number;
};

/** Whether clients keep factors of their own, so that there is no one model. */
function keepsPersonal({ claims }: Pick<Method, "claims">, head: HeadPolicy): boolean {
  return claims.personal.length > 0 || head === "personal";
}

/** Fills in what the config leaves open. */
export function resolveEvaluation(
  parsed: ParsedEvaluation,
  method: Pick<Method, "claims">,
  head: HeadPolicy,
): EvaluationSettings {
  const where = parsed.where ?? (keepsPersonal(method, head) ? "federated" : "central");
  const isUsed = where === "federated" && parsed.everyRounds > 0;
  return { ...parsed, where, holdout: parsed.holdout ?? (isUsed ? DEFAULT_HOLDOUT : 0) };
}

/** What contradicts itself in evaluation settings. */
export const evaluationRules: readonly ((
  run: { readonly evaluation: EvaluationSettings; readonly head: HeadPolicy },
  method: Pick<Method, "claims" | "name">,
) => InputIssue | null)[] = [
  ({ evaluation, head }, method) =>
    evaluation.where === "central" && keepsPersonal(method, head)
      ? {
          field: "evaluation.where",
          value: evaluation.where,
          wanted: `federated with method ${method.name} and head ${head}: clients keep factors, so the coordinator has no whole model`,
          fix: { value: "federated" },
        }
      : null,
  ({ evaluation: { earlyStopping, everyRounds } }) =>
    earlyStopping !== null && everyRounds === 0
      ? {
          field: "evaluation.earlyStopping",
          value: earlyStopping,
          wanted: "null with evaluation.everyRounds 0: nothing would be compared",
          fix: { value: null },
        }
      : null,
  ({ evaluation: { where, everyRounds, holdout } }) =>
    holdout > 0 && (where === "central" || everyRounds === 0)
      ? {
          field: "evaluation.holdout",
          value: holdout,
          wanted: `0 with evaluation.where ${where} and evaluation.everyRounds ${everyRounds}: nobody would evaluate on what is kept out`,
          fix: { value: 0 },
        }
      : null,
];
