/** The table of config fields in docs/config.md, read from the schemas themselves. */
import { combiners, methods } from "@fedtune/aggregators";
import { adapterKinds, runConfigSchema } from "@fedtune/core";
import { simulationSchema } from "@fedtune/simulation";
import { z } from "zod";
import { markdownTable } from "./markdown-table.ts";

interface Node {
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly default?: unknown;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Node>>;
  readonly required?: readonly string[];
  readonly anyOf?: readonly Node[];
  readonly oneOf?: readonly Node[];
}

interface Field {
  readonly name: string;
  readonly standard: string;
  readonly meaning: string;
}

/** Markdown of every field of a run config and of the section `simulation`. */
export function configReference(): string {
  const run = nodeOf(runConfigSchema({ methods, combiners, kinds: adapterKinds }));
  const fields = [...fieldsOf("", run), ...fieldsOf("simulation.", nodeOf(simulationSchema))];
  const rows = fields.map((field) => [`\`${field.name}\``, field.standard, field.meaning]);
  return markdownTable([["field", "default", "meaning"], ...rows]);
}

/** Markdown of a schema's own fields; empty when it has none. */
export function optionsReference(schema: z.ZodType): string {
  const rows = fieldsOf("method.", nodeOf(schema)).map(({ name, standard, meaning }) => [
    `\`${name}\``,
    standard,
    meaning,
  ]);
  return rows.length === 0 ? "" : markdownTable([["option", "default", "meaning"], ...rows]);
}

function nodeOf(schema: z.ZodType): Node {
  return z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }) as Node;
}

function fieldsOf(prefix: string, { properties = {}, required = [] }: Node): Field[] {
  return Object.entries(properties).flatMap(([key, node]) => {
    const name = `${prefix}${key}`;
    const variants = (node.oneOf ?? node.anyOf ?? []).filter(({ properties: own }) => own);
    const [only] = variants;
    if (only !== undefined && variants.length === 1) return fieldsOf(`${name}.`, only);
    if (variants.length > 0) return variantFields(name, variants, node);
    if (node.properties !== undefined) return fieldsOf(`${name}.`, node);
    return [field(name, node, required.includes(key))];
  });
}

/** A choice by name (`method.name`, `partition.scheme`): the choice itself, then each variant's own options. */
function variantFields(name: string, variants: readonly Node[], parent: Node): Field[] {
  const [first] = variants;
  const tag = Object.entries(first?.properties ?? {}).find(([, node]) => node.const !== undefined);
  const key = tag?.[0] ?? "name";
  const names = variants.map(({ properties = {} }) => String(properties[key]?.const));
  const standard: unknown = Reflect.get(Object(parent.default), key) ?? names[0];
  const choice = { name: `${name}.${key}`, standard: code(standard), meaning: anyOf(names) };
  const options = variants.flatMap(({ properties = {} }, k) => {
    const own = Object.entries(properties).filter(([option]) => option !== key);
    const of = (text: string) => `${names[k] ?? ""}: ${text}`;
    return own.flatMap(([option, node]) =>
      fieldsOf(`${name}.`, { properties: { [option]: node } }).map((one) => ({
        ...one,
        meaning: of(one.meaning),
      })),
    );
  });
  return [choice, ...shared(options, variants.length)];
}

/** Options that every variant has alike, once and without a name before it. */
function shared(options: readonly Field[], variants: number): Field[] {
  const plain = ({ standard, meaning }: Field) => `${standard} ${meaning.replace(/^[^:]*: /, "")}`;
  const alike = (one: Field) =>
    options.filter((other) => other.name === one.name && plain(other) === plain(one));
  return options.flatMap((option) => {
    const group = alike(option);
    if (group.length < variants) return [option];
    return group[0] === option
      ? [{ ...option, meaning: option.meaning.replace(/^[^:]*: /, "") }]
      : [];
  });
}

function field(name: string, node: Node, isRequired: boolean): Field {
  const choices = node.enum ?? node.anyOf?.find((branch) => branch.enum !== undefined)?.enum;
  const parts = [
    ...(node.description === undefined ? [] : [node.description]),
    ...(choices === undefined ? [] : [anyOf(choices.map(String))]),
  ];
  const standard = node.default === undefined && isRequired ? "required" : code(node.default);
  return { name, standard, meaning: parts.join("; ").replaceAll("|", "\\|") };
}

function anyOf(names: readonly string[]): string {
  return names.map((name) => `\`${name}\``).join(", ");
}

function code(value: unknown): string {
  if (value === undefined) return "";
  return `\`${typeof value === "string" ? value : JSON.stringify(value)}\``;
}
