import { FedtuneError } from "../errors.ts";

/** A value for one field, and where it came from. */
export interface Override {
  /** Path with dots, `training.batchSize`. */
  readonly field: string;
  readonly value: unknown;
  /** `--rounds` or `--set training.batchSize`. */
  readonly source: string;
}

/**
 * The config with one field set; objects on the way are made, the input stays as it was.
 *
 * @throws FedtuneError `usage` when the path leads through a value that has no fields
 */
export function applyOverride(
  config: Readonly<Record<string, unknown>>,
  override: Override,
): Readonly<Record<string, unknown>> {
  const keys = override.field.split(".");
  if (keys.includes("")) {
    throw new FedtuneError(
      "usage",
      `Cannot set "${override.field}": wanted names with dots between them`,
      {
        data: { field: override.field },
      },
    );
  }
  return withField(config, keys, override) as Record<string, unknown>;
}

function withField(
  parent: unknown,
  [key, ...rest]: readonly string[],
  override: Override,
): unknown {
  if (key === undefined) return override.value;
  if (Array.isArray(parent)) {
    const index = Number(key);
    if (Number.isInteger(index) && index >= 0 && index <= parent.length) {
      const copy: unknown[] = [...(parent as unknown[])];
      copy[index] = withField(copy[index], rest, override);
      return copy;
    }
  } else if (parent === undefined || parent === null || typeof parent === "object") {
    const fields: object = parent ?? {};
    const inner: unknown = Object.hasOwn(fields, key) ? Reflect.get(fields, key) : undefined;
    return { ...fields, [key]: withField(inner, rest, override) };
  }
  throw new FedtuneError(
    "usage",
    `Cannot set "${override.field}" by ${override.source}: ${JSON.stringify(parent)} has no field "${key}"`,
    { data: { field: override.field } },
  );
}
