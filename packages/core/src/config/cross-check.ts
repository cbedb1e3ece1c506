import type { AdapterKind } from "../adapter/kind.ts";
import { adapterKinds } from "../adapter/kinds/registry.ts";
import type { Method } from "../method.ts";
import { combinerIssues } from "./combiner.ts";
import type { ChosenCombiner } from "./combiner.ts";
import { evaluationRules } from "./evaluation.ts";
import { firewallRules } from "./firewall.ts";
import type { InputIssue } from "./issues.ts";
import type { PrivacyRules } from "./privacy.ts";
import type { RunConfig } from "./run-config.ts";
import { staleIssues } from "./stale.ts";

type Rule = (config: RunConfig, method: Method, kind: AdapterKind) => InputIssue | null;

const rules: readonly Rule[] = [
  ...evaluationRules,
  ...firewallRules,
  ({ rounds }) =>
    rounds.minFitClients > rounds.minAvailableClients
      ? repaired(
          conflict(
            "rounds.minFitClients",
            rounds.minFitClients,
            `at most rounds.minAvailableClients (${rounds.minAvailableClients})`,
          ),
          rounds.minAvailableClients,
        )
      : null,
  ({ rounds }) =>
    rounds.sampling === "poisson" && rounds.overSelection !== 1
      ? repaired(
          conflict(
            "rounds.overSelection",
            rounds.overSelection,
            "1 with poisson sampling: dropping the slowest is not sampling",
          ),
          1,
        )
      : null,
  ({ training }) =>
    training.microBatchSize !== null && training.microBatchSize > training.batchSize
      ? repaired(
          conflict(
            "training.microBatchSize",
            training.microBatchSize,
            `at most training.batchSize (${training.batchSize})`,
          ),
          training.batchSize,
        )
      : null,
  ({ participants, rounds }) =>
    participants !== null && participants.length < rounds.minAvailableClients
      ? conflict(
          "participants",
          participants,
          `at least rounds.minAvailableClients (${rounds.minAvailableClients}) names`,
        )
      : null,
  ({ participants }) =>
    participants !== null && new Set(participants).size !== participants.length
      ? conflict("participants", participants, "distinct names")
      : null,
  (_config, method, kind) =>
    method.claims.products.includes(kind.product)
      ? null
      : repaired(
          conflict(
            "adapter.kind",
            kind.name,
            `a kind with product ${method.claims.products.join(" or ")} for method ${method.name}`,
          ),
          adapterKinds.find(({ product }) => method.claims.products.includes(product))?.name,
        ),
  ({ adapter }, _method, kind) =>
    kind.inits.includes(adapter.init)
      ? null
      : repaired(
          conflict(
            "adapter.init",
            adapter.init,
            `${kind.inits.join(" or ")} for kind ${kind.name}`,
          ),
          kind.inits[0],
        ),
  ({ adapter: { clientRanks, init } }) =>
    init !== "pissa" || clientRanks === null || new Set(clientRanks).size === 1
      ? null
      : conflict(
          "adapter.init",
          init,
          "another one with different adapter.clientRanks: each rank would take its own part out of the base",
        ),
  ({ adapter: { clientRanks, rank } }) =>
    clientRanks === null || Math.max(...clientRanks) === rank
      ? null
      : repaired(
          conflict(
            "adapter.rank",
            rank,
            `the largest of adapter.clientRanks (${String(Math.max(...clientRanks))}): it is evaluated and saved`,
          ),
          Math.max(...clientRanks),
        ),
  ({ adapter: { clientRanks } }, { claims, name }) =>
    clientRanks === null || claims.ranks === "joint" || new Set(clientRanks).size === 1
      ? null
      : repaired(
          conflict(
            "adapter.clientRanks",
            clientRanks,
            `one rank for all with method ${name}, which cannot combine different ones`,
          ),
          null,
        ),
];

/** What a config is held against. */
interface Registered {
  readonly method: Method;
  readonly kind: AdapterKind;
  readonly privacy: PrivacyRules;
  readonly combiner: ChosenCombiner;
}

/** Holds settings against each other; every contradiction. */
export function contradictions(
  config: RunConfig,
  { method, kind, privacy, combiner }: Registered,
): readonly InputIssue[] {
  return [
    ...rules.map((rule) => rule(config, method, kind)).filter((issue) => issue !== null),
    ...combinerIssues(config, method, combiner),
    ...privacy.issues(config, method),
    ...staleIssues(config, method),
  ];
}

function conflict(field: string, value: unknown, wanted: string): InputIssue {
  return { field, value, wanted };
}

/** With the value that would do. */
function repaired(issue: InputIssue, value: unknown): InputIssue {
  return { ...issue, fix: { value } };
}
