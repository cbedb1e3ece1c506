/** The fields of a settings schema as a list: names, types, defaults, meanings. */
import { z } from "zod";

/** One field that can be set. */
export interface SettingField {
  readonly path: readonly string[];
  /** Variables that set it, the strongest first. */
  readonly environment: readonly string[];
  readonly type: "text" | "number" | "boolean" | "list";
  /** The default as Markdown. */
  readonly fallback: string;
  readonly meaning: string;
}

interface Node {
  readonly type?: string | readonly string[];
  readonly anyOf?: readonly Node[];
  readonly properties?: Readonly<Record<string, Node>>;
  readonly default?: unknown;
  readonly description?: string;
  readonly environment?: string;
}

/** Reads a schema's fields in their order; those of objects one by one. */
export function settingFields(schema: z.ZodType): readonly SettingField[] {
  return fieldsOf(z.toJSONSchema(schema, { io: "input" }) as Node, []);
}

function fieldsOf(node: Node, path: readonly string[]): readonly SettingField[] {
  return Object.entries(node.properties ?? {}).flatMap(([key, child]) => {
    const inner = withoutNull(child);
    const here = [...path, key];
    if (inner.properties !== undefined) return fieldsOf(inner, here);
    const own = child.environment ?? inner.environment;
    return [
      {
        path: here,
        environment: [variableOf(here), ...(own === undefined ? [] : [own])],
        type: typeOf(inner),
        fallback: fallbackOf(child),
        meaning: child.description ?? inner.description ?? "",
      },
    ];
  });
}

/** A nullable node without its null. */
function withoutNull(node: Node): Node {
  return node.anyOf?.find(({ type }) => type !== "null") ?? node;
}

/** `limits.maxConnections` is `FEDTUNE_LIMITS_MAX_CONNECTIONS`. */
function variableOf(path: readonly string[]): string {
  const words = path.map((key) => key.replace(/[A-Z]/g, "_$&").toUpperCase());
  return ["FEDTUNE", ...words].join("_");
}

function typeOf({ type: written }: Node): SettingField["type"] {
  const type = typeof written === "string" ? written : written?.find((one) => one !== "null");
  if (type === "integer" || type === "number") return "number";
  if (type === "boolean") return "boolean";
  return type === "array" ? "list" : "text";
}

function fallbackOf(node: Node): string {
  const { default: value } = node;
  if (value === undefined || value === null || (Array.isArray(value) && value.length === 0))
    return "none";
  return `\`${typeof value === "string" ? value : JSON.stringify(value)}\``;
}
