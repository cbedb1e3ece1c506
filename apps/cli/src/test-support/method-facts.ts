/** What the pages about methods say that the code knows: facts of one method, and tables over all. */
import { methods } from "@fedtune/aggregators";
import { adapterKinds, describePlan } from "@fedtune/core";
import type { FactorRole, Method } from "@fedtune/core";
import { optionsReference } from "./config-reference.ts";
import { markdownTable } from "./markdown-table.ts";
import { referenceTraffic } from "./reference-traffic.ts";
import type { Amount, ReferenceTraffic } from "./reference-traffic.ts";

/** A role in the letters of the papers. */
const letters: Readonly<Record<FactorRole, string>> = {
  down: "A",
  up: "B",
  core: "R",
  magnitude: "magnitude",
  projection: "projection",
  head: "head",
};

const traffic = new Map<string, ReferenceTraffic>();

function trafficOf(method: Method): ReferenceTraffic {
  const known = traffic.get(method.name) ?? referenceTraffic(method);
  traffic.set(method.name, known);
  return known;
}

/** The facts of one method as Markdown. */
export function methodFacts(method: Method): string {
  const { paper, claims } = method;
  const plan = describePlan(method);
  const { kind, rounds, stateBytes, keptValues } = trafficOf(method);
  const kinds = adapterKinds.filter(({ product }) => claims.products.includes(product));
  const facts = [
    ["", ""],
    ["what it does", method.summary],
    ["paper", `${paper.title}, ${paper.id}`],
    ["implements", paper.equations],
    ["product it broadcasts", claims.exactProduct ? "the mean of the clients' products" : "biased"],
    ["trains, round 1", rolesText(plan.trains)],
    ["uploads, round 1", rolesText(plan.uploads)],
    ["stays with each client", rolesText(plan.keeps)],
    ["never changes", rolesText(claims.freezes)],
    ["changes the base model", claims.changesBase === true ? "yes" : "no"],
    ["next adapter is linear in the updates", claims.linear ? "yes" : "no"],
    ["signs and order are fixed", claims.canonical ? "yes" : "no"],
    ["adapter products", claims.products.join(", ")],
    ["adapter kinds", kinds.map(({ name }) => name).join(", ")],
    ["clients of different ranks", ranksText(method)],
    ["head by default", method.defaultHead],
    ["passes over the updates", String(method.passes)],
    ["server memory grows with", claims.memory === "adapter" ? "the adapter" : "the clients"],
    ["server state in the reference run", bytesText(stateBytes)],
    [
      "client state in the reference run",
      keptValues === 0 ? "none" : `${grouped(keptValues)} values`,
    ],
  ];
  const rows = rounds.map(({ round, plan: own, up, down }) => [
    String(round),
    rolesText(own.upload),
    ...amountCells(up),
    ...amountCells(down),
  ]);
  const options = optionsReference(method.config);
  return [
    markdownTable(facts.map((row) => row.map(escaped))),
    options === "" ? "It has no options." : options,
    `One client's traffic in the reference run (${kind.name}, see [methods.md](../methods.md)):`,
    markdownTable([
      ["round", "uploads", "values up", "bytes up", "values down", "bytes down"],
      ...rows,
    ]),
  ].join("\n\n");
}

function ranksText({ claims }: Method): string {
  return claims.ranks === "joint"
    ? "every client reaches every rank"
    : "averaged within their rank, a shared head over all";
}

/** Every method with its page and what it claims. */
export function claimsTable(): string {
  const rows = methods.map((method: Method) => {
    const { claims } = method;
    const plan = describePlan(method);
    return [
      `[${method.name}](methods/${method.name}.md)`,
      claims.exactProduct ? "exact" : "biased",
      rolesText(plan.trains),
      rolesText(plan.uploads),
      rolesText(plan.keeps),
      claims.changesBase === true ? "yes" : "no",
      claims.ranks === "joint" ? "joint" : "separate",
      claims.products.join(", "),
      claims.memory,
      method.paper.id,
    ];
  });
  const head = ["method", "product", "trains", "uploads", "keeps", "changes base", "ranks"];
  return markdownTable([[...head, "products", "memory", "paper"], ...rows]);
}

/** One client's traffic by method in the first round of the reference run. */
export function trafficTable(): string {
  const rows = methods.flatMap((method: Method) => {
    const { kind, rounds } = trafficOf(method);
    const first = rounds.slice(0, 1);
    return first.map(({ up, down }) => [
      method.name,
      kind.name,
      ...amountCells(up),
      ...amountCells(down),
    ]);
  });
  const head = ["method", "kind", "values up", "bytes up", "values down", "bytes down"];
  return markdownTable([head, ...rows]);
}

function amountCells({ values, bytes }: Amount): string[] {
  return [grouped(values), grouped(bytes)];
}

function rolesText(roles: readonly FactorRole[]): string {
  return roles.map((role) => letters[role]).join(", ") || "-";
}

function bytesText(bytes: number): string {
  return `${grouped(bytes)} bytes`;
}

/** 1,234,567 whatever the machine's language. */
function grouped(value: number): string {
  return String(value).replaceAll(/\B(?=(\d{3})+$)/g, ",");
}

function escaped(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("*", "\\*").replaceAll("_", "\\_");
}
