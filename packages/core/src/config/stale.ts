/** What contradicts itself where updates count in later rounds than their own. */
import type { Method } from "../method.ts";
import type { EvaluationSettings } from "./evaluation.ts";
import type { InputIssue } from "./issues.ts";
import type { RoundPolicy } from "./rounds.ts";

interface Run {
  readonly rounds: RoundPolicy;
  readonly evaluation: EvaluationSettings;
  readonly privacy: { readonly mode: string };
}

type Rule = (run: Run, method: Pick<Method, "claims" | "name">) => InputIssue | null;

/** A setting by which an update may count in a later round than its own. */
interface Choice {
  readonly field: "rounds.mode" | "rounds.lateUpdates";
  readonly value: "buffered" | "next-round";
  /** What does without. */
  readonly instead: "synchronous" | "drop";
}

const buffered: Choice = { field: "rounds.mode", value: "buffered", instead: "synchronous" };
const late: Choice = { field: "rounds.lateUpdates", value: "next-round", instead: "drop" };

/** What holds wherever a change of one round's adapter is added to another's. */
const staleRules = (chosen: Choice): readonly Rule[] => [
  (_run, { claims, name }) =>
    claims.acceptsStale === true
      ? null
      : given(
          chosen,
          `with method ${name}: the change of one round's adapter cannot be added to another's`,
        ),
  ({ privacy }) =>
    privacy.mode === "user-level"
      ? given(
          chosen,
          "with privacy.mode user-level: its accounting needs drawn cohorts and equal weights",
        )
      : null,
];

const bufferedRules: readonly Rule[] = [
  ...staleRules(buffered),
  evaluatesCentrally("rounds.mode buffered: its clients are always training"),
  ({ rounds: { sampling } }) =>
    sampling === "fixed" ? null : drawn("rounds.sampling", sampling, "fixed"),
  ({ rounds: { fractionFit } }) =>
    fractionFit === 1 ? null : drawn("rounds.fractionFit", fractionFit, 1),
  ({ rounds: { overSelection } }) =>
    overSelection === 1 ? null : drawn("rounds.overSelection", overSelection, 1),
  ({ rounds: { buffer, minAvailableClients } }) =>
    buffer.size !== null && buffer.size > minAvailableClients
      ? repaired(
          issue(
            "rounds.buffer.size",
            buffer.size,
            `at most rounds.minAvailableClients (${minAvailableClients}): a client is in a buffer once`,
          ),
          minAvailableClients,
        )
      : null,
];

const lateRules: readonly Rule[] = [
  ...staleRules(late),
  evaluatesCentrally(
    "rounds.lateUpdates next-round: clients that are late are still training when others evaluate",
  ),
  ({ rounds: { mode } }) =>
    mode === "buffered"
      ? given(
          late,
          "with rounds.mode buffered, whose buffer.maxStaleness says how late is too late",
        )
      : null,
  ({ rounds: { sampling } }) =>
    sampling === "poisson"
      ? repaired(
          issue(
            "rounds.sampling",
            sampling,
            "fixed with rounds.lateUpdates next-round: under poisson chance alone says who is in a round",
          ),
          "fixed",
        )
      : null,
];

/** What contradicts the taking of stale updates; nothing where every update counts in its own round or not at all. */
export function staleIssues(run: Run, method: Pick<Method, "claims" | "name">): InputIssue[] {
  const { mode, lateUpdates } = run.rounds;
  const rules = [
    ...(mode === "buffered" ? bufferedRules : []),
    ...(lateUpdates === "next-round" ? lateRules : []),
  ];
  return rules.map((rule) => rule(run, method)).filter((found) => found !== null);
}

function evaluatesCentrally(why: string): Rule {
  return ({ evaluation: { where, everyRounds } }) =>
    where === "federated" && everyRounds > 0
      ? repaired(
          issue("evaluation.where", where, `central, or evaluation.everyRounds 0, with ${why}`),
          "central",
        )
      : null;
}

/** The setting itself cannot be. */
function given({ field, value, instead }: Choice, why: string): InputIssue {
  return repaired(issue(field, value, `${instead} ${why}`), instead);
}

function drawn(field: string, value: unknown, wanted: string | number): InputIssue {
  const found = issue(field, value, `${wanted} with rounds.mode buffered: nobody is drawn`);
  return repaired(found, wanted);
}

function issue(field: string, value: unknown, wanted: string): InputIssue {
  return { field, value, wanted };
}

function repaired(issue: InputIssue, value: unknown): InputIssue {
  return { ...issue, fix: { value } };
}
