/** What contradicts itself in buffered-asynchronous rounds. */
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

const rules: readonly Rule[] = [
  (_run, { claims, name }) =>
    claims.acceptsStale === true
      ? null
      : repaired(
          issue(
            "rounds.mode",
            "buffered",
            `synchronous with method ${name}: the change of one round's adapter cannot be added to another's`,
          ),
          "synchronous",
        ),
  ({ privacy }) =>
    privacy.mode === "user-level"
      ? repaired(
          issue(
            "rounds.mode",
            "buffered",
            "synchronous with privacy.mode user-level: its accounting needs drawn cohorts and equal weights",
          ),
          "synchronous",
        )
      : null,
  ({ evaluation: { where, everyRounds } }) =>
    where === "federated" && everyRounds > 0
      ? repaired(
          issue(
            "evaluation.where",
            where,
            "central, or evaluation.everyRounds 0, with rounds.mode buffered: its clients are always training",
          ),
          "central",
        )
      : null,
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

/** What contradicts buffered mode; nothing in synchronous mode. */
export function bufferIssues(run: Run, method: Pick<Method, "claims" | "name">): InputIssue[] {
  if (run.rounds.mode !== "buffered") return [];
  return rules.map((rule) => rule(run, method)).filter((found) => found !== null);
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
