import { combiners, methods } from "@fedtune/aggregators";
import { adapterKinds, runConfigSchema } from "@fedtune/core";
import type { Method } from "@fedtune/core";
import { privacyRules } from "@fedtune/dp";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { annotations } from "../annotations.ts";
import { groups } from "../groups.ts";
import { changesOf, formOf } from "./changes.ts";
import { wantedOf } from "./check.ts";
import { meaningOf, textOf, unitFor, unitsOf } from "./entry-text.ts";
import { otherGroup } from "./field.ts";
import type { Field } from "./field.ts";
import { formState, reduceForm } from "./form-state.ts";
import { isJsonObject, sameJson, valueAt, withValueAt } from "./json.ts";
import type { Json, JsonObject } from "./json.ts";
import { shapeOf } from "./shape.ts";
import type { Property, Shape } from "./shape.ts";

const registries = { methods, combiners, kinds: adapterKinds, privacy: privacyRules };

function shapeWith(list: readonly Method[]) {
  const schema = runConfigSchema({ ...registries, methods: list });
  return shapeOf(z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }));
}

const shape = shapeWith(methods);

const start: JsonObject = {
  task: { kind: "sequence-classification", labels: ["yes", "no"] },
  method: { name: "fedsa-lora" },
};

const fieldsFor = (config: JsonObject) => formOf(shape, config, annotations).fields;

/** The config with every option of each choice among some fields, and every object that may be absent. */
function variants(config: JsonObject, fields: readonly Field[]): readonly JsonObject[] {
  const state = formState(config);
  return fields
    .flatMap((field) => {
      if (field.shape.kind === "object")
        return reduceForm(state, { type: "set", field, value: {} });
      if (field.shape.kind !== "choice") return [];
      return field.shape.options.map(({ name }) =>
        reduceForm(state, { type: "choose", field, name }),
      );
    })
    .map((next) => next.config);
}

const known = new Set(fieldsFor(start).map(({ path }) => path));
const once = [start, ...variants(start, fieldsFor(start))];
/** Configs that show every field between them: also what appears only within another choice. */
const everywhere = once.flatMap((config) => {
  const fresh = fieldsFor(config).filter(({ path }) => !known.has(path));
  return [config, ...variants(config, fresh)];
});
const everyField = everywhere.flatMap(fieldsFor);

/** Any value of a shape. */
function valueOf(one: Shape): fc.Arbitrary<Json> {
  switch (one.kind) {
    case "number": {
      const { least, most, isLeastAllowed, isMostAllowed } = one.bounds;
      if (one.isInteger) {
        const max = Math.min(most, 2 ** 40) - (isMostAllowed ? 0 : 1);
        return fc.integer({ min: Math.max(least, -(2 ** 40)) + (isLeastAllowed ? 0 : 1), max });
      }
      const options = { min: Math.max(least, -1e12), max: Math.min(most, 1e12), noNaN: true };
      return fc
        .double({ ...options, minExcluded: !isLeastAllowed, maxExcluded: !isMostAllowed })
        .map((value) => value + 0);
    }
    case "text":
      return one.patterns.length === 0
        ? fc
            .string({
              minLength: Math.max(1, one.minLength),
              maxLength: Math.min(one.maxLength, 9),
            })
            // Blanks alone mean that nothing was typed.
            .filter((text) => text.trim() !== "")
        : fc
            .constantFrom("a", "run", "you@example.org")
            .filter((text) => one.patterns.some((pattern) => new RegExp(pattern, "u").test(text)));
    case "enum":
      return fc.constantFrom(...one.values);
    case "switch":
      return fc.boolean();
    case "list":
      return fc.array(valueOf(one.item), { minLength: Math.max(1, one.minItems), maxLength: 5 });
    default:
      return fc.constant({ any: [1, "x", null] });
  }
}

const isWritten = ({ shape: { kind } }: Field) => kind !== "choice" && kind !== "object";

describe("the form of the real run config", () => {
  it("has a widget for everything in the schema, none of them raw JSON", () => {
    const raw = everyField.filter(({ widget }) => widget === "json");
    expect(raw.map(({ path }) => path)).toEqual([]);
  });

  it("places every setting in a section that exists, with a title and without doubles", () => {
    for (const config of everywhere) {
      const paths = fieldsFor(config).map(({ path }) => path);
      expect(new Set(paths).size).toBe(paths.length);
    }
    const ids = groups.map(({ id }) => id);
    expect(everyField.filter(({ group }) => !ids.includes(group))).toEqual([]);
    expect(everyField.filter(({ title }) => !/^[A-Z]/.test(title))).toEqual([]);
  });

  it("shows every key of the schema that can be set", () => {
    const shown = new Set(everyField.map(({ path }) => path));
    expect(leavesOf(shape, "").filter((path) => !shown.has(path))).toEqual([]);
  });

  it("has no annotation for a setting that is not there", () => {
    const known = new Set([...leavesOf(shape, ""), ...branchesOf(shape, "")]);
    expect(Object.keys(annotations).filter((path) => !known.has(path))).toEqual([]);
  });

  it("goes from form to JSON to form unchanged", () => {
    for (const config of everywhere) {
      const { values } = formOf(shape, config, annotations);
      if (!isJsonObject(values)) throw new RangeError("no object");
      const again = formOf(shape, JSON.parse(JSON.stringify(values)) as JsonObject, annotations);
      expect(again.values).toEqual(values);
      expect(changesOf(again.fields, again.values, values).size).toBe(0);
    }
  });

  it("parses what the form says, where all that must be given is given", () => {
    const schema = runConfigSchema(registries);
    const { values } = formOf(shape, start, annotations);
    expect(schema.parse(values)).toEqual(schema.parse(start));
  });

  it("reads every value back from its own text, to the last bit", () => {
    const byShape = everyField
      .filter(isWritten)
      .map((field) => [`${field.path} ${field.shape.kind}`, field] as const);
    const fields = new Map(byShape).values();
    for (const field of fields) {
      fc.assert(
        fc.property(valueOf(field.shape), (value) => {
          const unit = unitsOf[field.widget] === undefined ? "" : unitFor(field.widget, value);
          const text = textOf(field.widget, value, unit);
          const read =
            field.shape.kind === "switch" ? text === "true" : meaningOf({ ...field, unit }, text);
          expect(sameJson(read, value), `${field.path}: ${text}`).toBe(true);
          expect(wantedOf(field, value)).toBeNull();
        }),
        { numRuns: 30 },
      );
    }
  });

  it("writes what was typed into the document and nothing else", () => {
    const { fields, values } = formOf(shape, start, annotations);
    const written = fields.filter(isWritten).filter(({ shape: { kind } }) => kind !== "switch");
    const steps = written.map((field) =>
      valueOf(field.shape).map((value) => ({ field, value, unit: unitFor(field.widget, value) })),
    );
    fc.assert(
      fc.property(fc.oneof(...steps), ({ field, value, unit }) => {
        const text = textOf(field.widget, value, unit);
        const typed = reduceForm(formState(start), { type: "write", field, text, unit });
        const state = reduceForm(typed, { type: "leave", field });
        expect(state.entries).toEqual({});
        const after = formOf(shape, state.config, annotations);
        if (!isJsonObject(values)) throw new RangeError("no object");
        expect(after.values).toEqual(withValueAt(values, field.path, value));
      }),
      { numRuns: 300 },
    );
  });

  it("shows a method that it has never heard of, with its options", () => {
    const [first] = methods;
    const fake = {
      ...first,
      name: "fed-new",
      config: z.strictObject({
        sharpnessLimit: z.number().min(0).max(1).default(0.5).describe("of the new thing"),
        passes: z.int().min(1).default(3),
      }),
    } as unknown as Method;
    const wider = shapeWith([...methods, fake]);
    const before = formOf(wider, start, annotations);
    const field = before.fields.find(({ path }) => path === "method");
    const chosen = reduceForm(formState(start), { type: "choose", field: field!, name: "fed-new" });
    const { fields, values } = formOf(wider, chosen.config, annotations);
    expect(valueAt(values, "method")).toEqual({ name: "fed-new", sharpnessLimit: 0.5, passes: 3 });
    const limit = fields.find(({ path }) => path === "method.sharpnessLimit");
    expect(limit).toMatchObject({
      ...{ title: "Sharpness limit", help: "Of the new thing", group: "method", widget: "number" },
    });
  });

  it("shows a new section of the config under other settings", () => {
    const schema = z.strictObject({
      future: z.strictObject({ dial: z.int().default(1) }).prefault({}),
    });
    const future = shapeOf(z.toJSONSchema(schema, { io: "input" }));
    const { fields } = formOf(future, {}, annotations);
    expect(fields.map(({ path, group }) => [path, group])).toEqual([["future.dial", otherGroup]]);
  });
});

/** Paths of everything that has a field when it is chosen. */
function leavesOf(one: Shape, path: string): readonly string[] {
  return propertiesOf(one).flatMap(({ key, shape: inner }) => {
    const here = path === "" ? key : `${path}.${key}`;
    const isBranch = inner.kind === "object" || inner.kind === "constant";
    return [...(isBranch ? [] : [here]), ...leavesOf(inner, here)];
  });
}

function branchesOf(one: Shape, path: string): readonly string[] {
  return propertiesOf(one).flatMap(({ key, shape: inner }) => {
    const here = path === "" ? key : `${path}.${key}`;
    return [...(inner.kind === "object" ? [here] : []), ...branchesOf(inner, here)];
  });
}

function propertiesOf(one: Shape): readonly Property[] {
  if (one.kind === "optional") return propertiesOf(one.inner);
  if (one.kind === "object") return one.properties;
  return one.kind === "choice" ? one.options.flatMap(({ properties }) => properties) : [];
}
