/** Settings of several runs side by side: what differs, and which one is the odd one out. */

/** A setting by its path: `method.name`. */
export interface SettingRow {
  readonly path: string;
  /** One for each config; null: it has no such setting. */
  readonly values: readonly (string | null)[];
  /** Values that no other config has, where all others agree or each is alone. */
  readonly isOdd: readonly boolean[];
}

/** A config: JSON. */
export type ConfigJson = Readonly<Record<string, unknown>>;

function textOf(value: unknown): string {
  if (typeof value === "string") return value;
  if (Array.isArray(value) && value.every((item) => typeof item === "string"))
    return value.join(", ");
  return JSON.stringify(value);
}

const isSection = (value: unknown): value is ConfigJson =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Every setting of a config by its path; a section without any is a setting of its own. */
export function flattened(config: ConfigJson, prefix = ""): ReadonlyMap<string, string> {
  const settings = new Map<string, string>();
  for (const [name, value] of Object.entries(config)) {
    const path = `${prefix}${name}`;
    if (isSection(value) && Object.keys(value).length > 0) {
      for (const [inner, text] of flattened(value, `${path}.`)) settings.set(inner, text);
    } else if (value !== null && value !== undefined) settings.set(path, textOf(value));
  }
  return settings;
}

/** Settings that say who a run is, not what it does. */
const names = new Set(["name", "seed"]);

/** All settings of some configs, in the order in which the first ones have them. */
export function settingRows(configs: readonly ConfigJson[]): readonly SettingRow[] {
  const all = configs.map((config) => flattened(config));
  const paths = new Set(all.flatMap((settings) => [...settings.keys()]));
  return [...paths]
    .filter((path) => !names.has(path))
    .map((path) => {
      const values = all.map((settings) => settings.get(path) ?? null);
      const alone = (value: string | null): boolean =>
        value !== null && values.filter((other) => other === value).length === 1;
      return { path, values, isOdd: values.map(alone) };
    });
}

/** The settings in which they differ. */
export function differing(rows: readonly SettingRow[]): readonly SettingRow[] {
  return rows.filter(({ values }) => new Set(values).size > 1);
}
