/** The JSON Schema of an experiment's file, read from the schemas themselves. */
import { runConfigSchema } from "@fedtune/core";
import { experimentSchema, presets, simulationSchema } from "@fedtune/simulation";
import { z } from "zod";
import { registries } from "../run/registries.ts";

type Json = Readonly<Record<string, unknown>>;

/** What may be written, with the fields of a run config in `base`. */
export function experimentJsonSchema(): Json {
  const { seed: _seed, ...run } = runConfigSchema(registries).shape;
  const base = z.strictObject({ ...run, simulation: simulationSchema }).partial();
  const { properties, ...schema } = jsonOf(experimentSchema);
  const fields = properties as Readonly<Record<string, Json>>;
  return {
    title: "A fedtune experiment",
    ...schema,
    properties: {
      ...fields,
      preset: { ...fields["preset"], enum: [...presets.map(({ name }) => name), null] },
      base: { ...(inParts(jsonOf(base)) as Json), description: fields["base"]?.["description"] },
    },
  };
}

function jsonOf(schema: z.ZodType): Json {
  const { $schema: _version, ...json } = z.toJSONSchema(schema, {
    io: "input",
    unrepresentable: "any",
  });
  return json;
}

/** The same where a preset, a variant or the grid may have the rest: nothing is required, choices may be open. */
function inParts(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(inParts);
  if (typeof node !== "object" || node === null) return node;
  const entries = Object.entries(node)
    .filter(([key, value]) => key !== "required" || !Array.isArray(value))
    .map(([key, value]) => [key === "oneOf" ? "anyOf" : key, inParts(value)]);
  return Object.fromEntries(entries);
}
