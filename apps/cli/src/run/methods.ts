import { describePlan } from "@fedtune/core";
import { methodByName, methods } from "@fedtune/aggregators";
import type { Claims, Method, PlanDescription } from "@fedtune/core";
import { z } from "zod";
import type { Io } from "../io.ts";
import { tableText } from "../table.ts";

/** What `fedtune methods` was asked for. */
export interface MethodsOptions {
  readonly name?: string | undefined;
}

/** Lists the registry, or everything about one method. */
export function runMethods({ name }: MethodsOptions, io: Io): Promise<undefined> {
  if (name === undefined) {
    const all = methods.map(describeMethod);
    io.result(all, () => listText(all));
  } else {
    const one = describeMethod(methodByName(name));
    io.result(one, () => methodText(one));
  }
  return Promise.resolve(undefined);
}

/** A method as data: what `--json` prints. */
export interface MethodDescription extends PlanDescription {
  readonly name: string;
  readonly summary: string;
  readonly paper: Method["paper"];
  readonly claims: Claims;
  readonly defaultHead: string;
  readonly passes: number;
  readonly options: readonly OptionDescription[];
}

interface OptionDescription {
  readonly name: string;
  readonly type: string;
  readonly default?: unknown;
  readonly description?: string;
}

function describeMethod(method: Method): MethodDescription {
  const { name, summary, paper, claims, defaultHead, passes } = method;
  const options = optionsOf(method.config);
  return { name, summary, paper, ...describePlan(method), claims, defaultHead, passes, options };
}

interface JsonProperty {
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly default?: unknown;
  readonly description?: string;
}

/** Options with their defaults, read from the schema itself. */
function optionsOf(schema: z.ZodType): OptionDescription[] {
  const json = z.toJSONSchema(schema, { io: "input", unrepresentable: "any" });
  const properties = (json.properties ?? {}) as Readonly<Record<string, JsonProperty>>;
  return Object.entries(properties).map(([name, property]) => ({
    name,
    type: property.enum?.map(String).join(" | ") ?? property.type ?? "value",
    ...(property.default === undefined ? {} : { default: property.default }),
    ...(property.description === undefined ? {} : { description: property.description }),
  }));
}

function listText(all: readonly MethodDescription[]): string {
  const rows = all.map((method) => [
    method.name,
    method.claims.exactProduct ? "exact" : "biased",
    rolesText(method.trains),
    rolesText(method.uploads),
    rolesText(method.keeps),
    method.paper.id,
    method.summary,
  ]);
  const head = ["method", "product", "trains", "uploads", "keeps", "paper", "what it does"];
  return `${tableText(head, rows)}\n\nMore about one: fedtune methods <name>`;
}

function rolesText(roles: readonly string[]): string {
  return roles.join(" ") || "-";
}

function methodText(method: MethodDescription): string {
  const { claims, options } = method;
  const facts = [
    ["paper", `${method.paper.title}, ${method.paper.id}`],
    ["implements", method.paper.equations],
    ["product", claims.exactProduct ? "the weighted mean of the clients' products" : "biased"],
    ["linear", claims.linear ? "yes" : "no"],
    ["freezes", rolesText(claims.freezes)],
    ["trains", rolesText(method.trains)],
    ["uploads", rolesText(method.uploads)],
    ["keeps with clients", rolesText(method.keeps)],
    ["adapter products", claims.products.join(", ")],
    ["ranks", claims.ranks],
    ["head by default", method.defaultHead],
    ["server memory", `grows with the ${claims.memory}`],
    ["options", options.length === 0 ? "none" : ""],
  ];
  const rows = options.map((option) => [
    `  method.${option.name}`,
    option.type,
    option.default === undefined ? "(required)" : JSON.stringify(option.default),
    option.description ?? "",
  ]);
  const table =
    rows.length === 0 ? "" : `\n${tableText(["  option", "type", "default", "meaning"], rows)}`;
  return `${method.name}: ${method.summary}\n\n${tableText([], facts)}${table}`;
}
