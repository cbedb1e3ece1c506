import { z } from "zod";
import { FedtuneError } from "../errors.ts";
import type { ErrorCode } from "../errors.ts";
import { nearest } from "../nearest.ts";

/** One thing that is wrong with an input: where, what was given, what was wanted. */
export interface InputIssue {
  readonly field: string;
  readonly value: unknown;
  readonly wanted: string;
  /** What would repair it; absent: nobody but its author can tell. */
  readonly fix?: InputFix;
}

/** A value that would do. */
export interface InputFix {
  readonly value: unknown;
  /** Where it belongs; absent: at the field of the issue. */
  readonly field?: string;
  /** A field that is taken away. */
  readonly removes?: string;
}

/** What an input comes to: its value, or what is wrong with it. */
export type CheckedInput<Value> =
  | { readonly value: Value; readonly issues: readonly [] }
  | { readonly value: null; readonly issues: readonly InputIssue[] };

/** Holds an input against a schema and throws nothing. */
export function checkInput<Schema extends z.ZodType>(
  schema: Schema,
  input: unknown,
): CheckedInput<z.output<Schema>> {
  const result = schema.safeParse(input);
  if (result.success) return { value: result.data, issues: [] };
  const issues = result.error.issues.flatMap((issue) => describe(issue, input, schema));
  return { value: null, issues };
}

/**
 * Parses `input` with a schema.
 *
 * @throws FedtuneError `code` naming every wrong field with its value and what was wanted; an unknown key comes with
 * the nearest known one. `field` is where `input` stands in what the user wrote.
 */
export function parseInput<Schema extends z.ZodType>(
  schema: Schema,
  input: unknown,
  options: { readonly what: string; readonly code?: ErrorCode; readonly field?: string },
): z.output<Schema> {
  const { value, issues } = checkInput(schema, input);
  if (issues.length === 0) return value as z.output<Schema>;
  const within = options.field === undefined ? "" : `${options.field}.`;
  throw inputError(
    issues.map((issue) => ({ ...issue, field: `${within}${issue.field}` })),
    options,
  );
}

/** The error for a list of issues. */
export function inputError(
  issues: readonly InputIssue[],
  options: { readonly what: string; readonly code?: ErrorCode },
): FedtuneError {
  const lines = issues.map(
    ({ field, value, wanted }) => `${field} = ${shown(value)}, wanted ${wanted}`,
  );
  return new FedtuneError(
    options.code ?? "config-invalid",
    `Cannot read ${options.what}: ${lines.join("; ")}`,
    {
      data: { issues },
    },
  );
}

type ZodIssue = z.core.$ZodIssue;

function describe(issue: ZodIssue, input: unknown, schema: z.ZodType): InputIssue[] {
  if (issue.code === "unrecognized_keys") {
    const known = knownKeys(schema, issue.path, input);
    return issue.keys.map((key) => {
      const near = nearest(key, known);
      const wanted =
        near === null ? `one of ${[...known].join(", ")}` : `a known key (did you mean "${near}"?)`;
      const field = pathText([...issue.path, key]);
      const value = valueAt(input, [...issue.path, key]);
      if (near === null) return { field, value, wanted };
      const renamed = { field: pathText([...issue.path, near]), value, removes: field };
      return { field, value, wanted, fix: renamed };
    });
  }
  if (issue.code === "invalid_union" && issue.errors.length > 0) {
    const branches = issue.errors.filter((errors) => errors.length > 0);
    const closest = branches.sort((a, b) => a.length - b.length)[0];
    if (closest !== undefined) {
      return closest.flatMap((inner) =>
        describe({ ...inner, path: [...issue.path, ...inner.path] }, input, schema),
      );
    }
  }
  const value = valueAt(input, issue.path);
  const fix = fixOf(issue, value);
  const found = { field: pathText(issue.path), value, wanted: wantedText(issue) };
  return [fix === null ? found : { ...found, fix }];
}

/** A bound for a number beyond it, the nearest name for one that is misspelt. */
function fixOf(issue: ZodIssue, value: unknown): InputFix | null {
  switch (issue.code) {
    case "too_small":
      return issue.inclusive === true && typeof value === "number"
        ? { value: Number(issue.minimum) }
        : null;
    case "too_big":
      return issue.inclusive === true && typeof value === "number"
        ? { value: Number(issue.maximum) }
        : null;
    case "invalid_value":
      return nearestFix(value, issue.values);
    case "invalid_union":
      return nearestFix(value, optionsOf(issue));
    default:
      return null;
  }
}

function nearestFix(value: unknown, options: readonly unknown[]): InputFix | null {
  const near = typeof value === "string" ? nearest(value, options.map(String)) : null;
  const found = options.find((option) => String(option) === near);
  return found === undefined ? null : { value: found };
}

/** The names of a union by name; zod's type does not know the field. */
function optionsOf(issue: ZodIssue): readonly unknown[] {
  const options: unknown = Reflect.get(issue, "options");
  return Array.isArray(options) ? options : [];
}

function wantedText(issue: ZodIssue): string {
  switch (issue.code) {
    case "invalid_type":
      return `a value of type ${issue.expected}`;
    case "too_small":
      return `${issue.origin} ${issue.inclusive === true ? ">=" : ">"} ${String(issue.minimum)}`;
    case "too_big":
      return `${issue.origin} ${issue.inclusive === true ? "<=" : "<"} ${String(issue.maximum)}`;
    case "invalid_value":
      return `one of ${issue.values.map(String).join(", ")}`;
    case "invalid_union": {
      // A name that no method, scheme or optimiser has.
      const options = optionsOf(issue);
      return options.length > 0 ? `one of ${options.map(String).join(", ")}` : issue.message;
    }
    default:
      return issue.message;
  }
}

function pathText(path: readonly PropertyKey[]): string {
  return path.length === 0 ? "(top)" : path.map(String).join(".");
}

function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, key) =>
      typeof value === "object" && value !== null ? Reflect.get(value, key) : undefined,
    input,
  );
}

function shown(value: unknown): string {
  const text = value === undefined ? "(missing)" : (JSON.stringify(value) as string | undefined);
  return (text ?? String(value)).slice(0, 120);
}

/** Keys that the schema knows at a path, read from its JSON Schema; unions contribute all of their branches. */
function knownKeys(schema: z.ZodType, path: readonly PropertyKey[], input: unknown): Set<string> {
  let nodes: JsonNode[] = [
    z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }) as JsonNode,
  ];
  for (const key of path) {
    nodes = nodes.flatMap(branches).flatMap((node) => childOf(node, key));
  }
  const tag = nameTag(valueAt(input, path));
  const candidates = nodes.flatMap(branches).filter((node) => matchesTag(node, tag));
  return new Set(candidates.flatMap((node) => Object.keys(node.properties ?? {})));
}

interface JsonNode {
  readonly properties?: Readonly<Record<string, JsonNode>>;
  readonly items?: JsonNode;
  readonly anyOf?: readonly JsonNode[];
  readonly oneOf?: readonly JsonNode[];
  readonly allOf?: readonly JsonNode[];
  readonly const?: unknown;
}

function branches(node: JsonNode): JsonNode[] {
  const inner = [...(node.anyOf ?? []), ...(node.oneOf ?? []), ...(node.allOf ?? [])];
  return inner.length === 0 ? [node] : inner.flatMap(branches);
}

function childOf(node: JsonNode, key: PropertyKey): JsonNode[] {
  const child = typeof key === "number" ? node.items : node.properties?.[String(key)];
  return child === undefined ? [] : [child];
}

function nameTag(value: unknown): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, "name") : undefined;
}

function matchesTag(node: JsonNode, tag: unknown): boolean {
  const wanted = node.properties?.["name"]?.const;
  return wanted === undefined || tag === undefined || wanted === tag;
}
