/** From an experiment to its cells: variants x grid x seeds, less what is excluded. */
import { applyOverride, asFedtuneError, canonicalJson, inputError, nearest } from "@fedtune/core";
import type { InputIssue } from "@fedtune/core";
import { mergeFields } from "./merge.ts";
import { overlapIssues } from "./overlaps.ts";
import { presets } from "./presets/registry.ts";
import type { Cell } from "./result.ts";
import type { Experiment, JsonValue } from "./schema.ts";

/** A cell before its data is known, and with it its hash. */
export type PlannedCell = Omit<Cell, "hash">;

type Fields = Readonly<Record<string, JsonValue>>;
/** A place in the grid for each variant. */
type Combination = Pick<PlannedCell, "variant" | "settings">;

/** More is a mistake in the grid. */
const MAX_CELLS = 100_000;
const MAX_SEED = 0xffffffff;

/**
 * The cells in order: variants outermost, then the grid's fields as the file has them, seeds innermost.
 *
 * Privacy without a word about its noise has seeded noise: an experiment is repeatable.
 *
 * @throws FedtuneError `config-invalid` or `config-conflict`, whose issues name fields of the experiment
 */
export function expandExperiment(experiment: Experiment): readonly PlannedCell[] {
  refuse([
    ...[...presetIssues(experiment), ...overlapIssues(experiment)],
    ...[...compareIssues(experiment), ...sizeIssues(experiment)],
  ]);
  const seeds = seedsOf(experiment);
  const all = combinations(experiment);
  const views = all.map(({ settings, variant }): Fields => ({ ...settings, variant }));
  const holds = experiment.exclude.map((wanted) => views.map((view) => isExcluded(view, wanted)));
  const kept = all.filter((_, index) => holds.every((one) => one[index] !== true));
  refuse(excludeIssues(experiment, { holds, kept: kept.length }));
  const base = baseOf(experiment);
  const cells = kept.flatMap((combination) => {
    const config = withSeededNoise(configOf(base, combination));
    return seeds.map((seed) => ({ ...combination, seed, config: { ...config, seed } }));
  });
  refuse(duplicateIssues(cells));
  return cells;
}

function refuse(issues: readonly InputIssue[]): void {
  if (issues.length > 0)
    throw inputError(issues, { what: "the experiment", code: "config-conflict" });
}

/** What a report sets side by side must differ between cells. */
function compareIssues({ report: { compare }, grid, variants }: Experiment): InputIssue[] {
  const known = [...Object.keys(grid), ...(variants.length > 0 ? ["variant"] : [])];
  if (compare === null || known.includes(compare)) return [];
  const wanted =
    known.length === 0 ? "null: the experiment varies nothing" : `one of ${known.join(", ")}`;
  return [{ field: "report.compare", value: compare, wanted }];
}

/** The experiment's base over its preset. */
function baseOf({ preset, base }: Experiment): Fields {
  const found = presets.find(({ name }) => name === preset);
  return mergeFields(found?.config ?? {}, base);
}

function presetIssues({ preset }: Experiment): InputIssue[] {
  const names = presets.map(({ name }) => name);
  if (preset === null || names.includes(preset)) return [];
  const near = nearest(preset, names);
  const wanted = `one of ${names.join(", ")}`;
  const issue = { field: "preset", value: preset, wanted };
  return [near === null ? issue : { ...issue, fix: { value: near } }];
}

function sizeIssues({ variants, grid, seeds }: Experiment): InputIssue[] {
  const perSeed = Object.values(grid).reduce(
    (product, { length }) => product * length,
    Math.max(1, variants.length),
  );
  const count = perSeed * (Array.isArray(seeds) ? seeds.length : seeds.count);
  if (count <= MAX_CELLS) return [];
  return [{ field: "grid", value: `${count} cells`, wanted: `at most ${MAX_CELLS} cells` }];
}

function seedsOf({ seeds }: Experiment): readonly number[] {
  if (Array.isArray(seeds)) {
    const repeated = seeds.find((seed, index) => seeds.indexOf(seed) !== index);
    if (repeated !== undefined)
      refuse([{ field: "seeds", value: repeated, wanted: "each seed once" }]);
    return seeds;
  }
  const { first, count } = seeds;
  if (first + count - 1 > MAX_SEED)
    refuse([{ field: "seeds.first", value: first, wanted: `a last seed of at most ${MAX_SEED}` }]);
  return Array.from({ length: count }, (_, index) => first + index);
}

function combinations({ variants, grid }: Experiment): Combination[] {
  const starts: Combination[] =
    variants.length === 0
      ? [{ variant: null, settings: {} }]
      : variants.map(({ name, set }) => ({ variant: name, settings: set }));
  return Object.entries(grid).reduce(
    (before, [field, values]) =>
      before.flatMap(({ variant, settings }) =>
        values.map((value) => ({ variant, settings: { ...settings, [field]: value } })),
      ),
    starts,
  );
}

/** Whether a combination holds every value of an exclusion; `variant` names a variant. */
function isExcluded(view: Fields, wanted: Fields): boolean {
  return Object.entries(wanted).every(
    ([field, value]) =>
      Object.hasOwn(view, field) && canonicalJson(view[field]) === canonicalJson(value),
  );
}

function excludeIssues(
  { exclude }: Experiment,
  found: { readonly holds: readonly (readonly boolean[])[]; readonly kept: number },
): InputIssue[] {
  const idle = exclude.flatMap((value, index) =>
    found.holds[index]?.includes(true) === true
      ? []
      : [{ field: `exclude.${index}`, value, wanted: "values that variants and grid combine" }],
  );
  if (idle.length > 0 || found.kept > 0) return idle;
  return [
    { field: "exclude", value: exclude, wanted: "something left to play; it takes out every cell" },
  ];
}

/** The run config of a combination, still without its seed. */
function configOf(base: Fields, { variant, settings }: Combination): Fields {
  const source = variant === null ? "the grid" : `variant ${variant} or the grid`;
  try {
    return Object.entries(settings).reduce<Readonly<Record<string, unknown>>>(
      (before, [field, value]) => applyOverride(before, { field, value, source }),
      base,
    ) as Fields;
  } catch (error) {
    throw inputError(
      [
        {
          field: source,
          value: settings,
          wanted: `fields that can be set: ${asFedtuneError(error).message}`,
        },
      ],
      { what: "the experiment", code: "config-conflict" },
    );
  }
}

function withSeededNoise(config: Fields): Fields {
  const { privacy } = config;
  if (typeof privacy !== "object" || privacy === null || Array.isArray(privacy)) return config;
  const { mode = "none", noise } = privacy;
  if (mode === "none" || noise === "seeded") return config;
  if (noise !== undefined)
    refuse([
      { field: "privacy.noise", value: noise, wanted: "seeded: an experiment is repeatable" },
    ]);
  return { ...config, privacy: { ...privacy, noise: "seeded" } };
}

function duplicateIssues(cells: readonly PlannedCell[]): InputIssue[] {
  const seen = new Map<string, PlannedCell>();
  for (const cell of cells) {
    const key = canonicalJson(cell.config);
    const before = seen.get(key);
    if (before === undefined) {
      seen.set(key, cell);
      continue;
    }
    const wanted = `another run than that of ${cellName(before)}`;
    return [{ field: cellName(cell), value: cell.settings, wanted }];
  }
  return [];
}

/** A cell for people: `variant ffa-lora, adapter.rank 8, seed 1`. */
export function cellName({
  variant,
  settings,
  seed,
}: Pick<PlannedCell, "variant" | "settings" | "seed">): string {
  const parts = Object.entries(settings).map(
    ([field, value]) => `${field} ${typeof value === "string" ? value : JSON.stringify(value)}`,
  );
  return [...(variant === null ? [] : [`variant ${variant}`]), ...parts, `seed ${seed}`].join(", ");
}
