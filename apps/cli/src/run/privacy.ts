import { FedtuneError } from "@fedtune/core";
import { accountants, calibrateNoise, parseEvents } from "@fedtune/dp";
import type { NeighbouringRelation, PrivacyEvent, PrivacyUnit, Provenance } from "@fedtune/dp";
import type { Io } from "../io.ts";
import { tableText } from "../table.ts";
import type { PrivacyAuditOptions } from "./privacy-audit.ts";
import { readPrivacyLedger } from "./privacy-ledger.ts";
import { showLedger } from "./show-ledger.ts";

/** What `fedtune privacy` was asked for. */
export interface PrivacyOptions extends PrivacyAuditOptions {
  readonly what: "epsilon" | "noise" | "delta" | "ledger" | "audit";
}

/** What is found: what `--json` prints, with everything needed to find it again. */
export interface PrivacyAnswer extends Provenance {
  readonly epsilon: number;
  readonly delta: number;
  /** Bounds of what was asked for; with noise, of the epsilon that it costs. */
  readonly lower: number;
  readonly upper: number;
  /** The noise that was searched for. */
  readonly noiseMultiplier?: number;
  readonly relation: NeighbouringRelation;
  readonly unit: PrivacyUnit;
  readonly events: readonly PrivacyEvent[];
}

/**
 * Finds epsilon, delta or noise, shows a ledger, or audits.
 *
 * @returns the exit code where it is not 0 by itself
 * @throws FedtuneError `usage` for a missing or superfluous option; what ledger and accountants refuse
 */
export async function runPrivacy(options: PrivacyOptions, io: Io): Promise<number | undefined> {
  if (options.what === "ledger") return showLedger(options, io);
  if (options.what === "audit") {
    const { auditPrivacy } = await import("./privacy-audit.ts");
    return auditPrivacy(options, io);
  }
  const spent =
    options.ledger === undefined ? [] : (await readPrivacyLedger(options.ledger)).events;
  const found = answer(options, spent);
  const warnings = [...found.warnings, ...deltaWarning(found.delta, options)];
  for (const warning of warnings) io.note(`Note: ${warning}.`);
  io.result({ ...found, warnings }, () => answerText(options.what, found));
  return undefined;
}

function answer(options: PrivacyOptions, spent: readonly PrivacyEvent[]): PrivacyAnswer {
  const { what, relation, unit } = options;
  const about = { relation, unit };
  const accountant = accountants[options.accountant];
  if (what === "noise") {
    const target = {
      epsilon: needed(options, "epsilon", "--epsilon"),
      delta: needed(options, "delta", "--delta"),
    };
    needed(options, "steps", "--steps");
    if (options.noiseMultiplier !== undefined) throw superfluous("--noise-multiplier", "noise");
    const plan = (noiseMultiplier: number) => described({ ...options, noiseMultiplier });
    const search = { accountant, relation, spent, plan, target };
    const { noiseMultiplier, result } = calibrateNoise(search);
    return { ...result, ...about, noiseMultiplier, events: [...spent, ...plan(noiseMultiplier)] };
  }
  const events = [...spent, ...described(options)];
  if (events.length === 0) throw usage("there is nothing to account for: give --steps or --ledger");
  if (what === "delta") {
    const epsilon = needed(options, "epsilon", "--epsilon");
    return { ...accountant.compose({ relation, events }).delta(epsilon), ...about, events };
  }
  if (options.epsilon !== undefined) throw superfluous("--epsilon", "epsilon");
  const delta = needed(options, "delta", "--delta");
  return { ...accountant.compose({ relation, events }).epsilon(delta), ...about, events };
}

/** The row that the options describe, if any. */
function described(options: PrivacyOptions): readonly PrivacyEvent[] {
  const { samplingRate, noiseMultiplier, steps, participations, accountant } = options;
  if (steps === undefined) {
    const [lonely] = [
      ...(samplingRate === undefined ? [] : ["--sampling-rate"]),
      ...(noiseMultiplier === undefined ? [] : ["--noise-multiplier"]),
      ...(participations === undefined ? [] : ["--participations"]),
    ];
    if (lonely !== undefined) throw usage(`${lonely} needs --steps as well`);
    return [];
  }
  const step = { noiseMultiplier: needed(options, "noiseMultiplier", "--noise-multiplier"), steps };
  return parseEvents([rowOf(step, { accountant, samplingRate, participations })], "the options");
}

type Sampling = Pick<PrivacyOptions, "accountant" | "samplingRate" | "participations">;

function rowOf(
  step: { readonly noiseMultiplier: number; readonly steps: number },
  { accountant, samplingRate, participations }: Sampling,
): unknown {
  if (accountant === "tree") {
    if (samplingRate !== undefined) throw usage("--sampling-rate means nothing for a tree");
    return { mechanism: "tree-gaussian", ...step, participations };
  }
  if (participations !== undefined) throw usage("--participations needs --accountant tree");
  if (samplingRate === undefined) return { mechanism: "gaussian", ...step };
  return { mechanism: "poisson-gaussian", samplingRate, ...step };
}

type Numeric = "epsilon" | "delta" | "steps" | "noiseMultiplier";

function needed(options: PrivacyOptions, key: Numeric, flag: string): number {
  const value = options[key];
  if (value === undefined) throw usage(`fedtune privacy ${options.what} needs ${flag}`);
  return value;
}

function superfluous(flag: string, what: string): FedtuneError {
  return usage(`${flag} is what fedtune privacy ${what} finds`);
}

function usage(why: string): FedtuneError {
  return new FedtuneError("usage", why, { data: { help: "fedtune privacy --help" } });
}

function deltaWarning(delta: number, { examples, unit }: PrivacyOptions): readonly string[] {
  if (examples === undefined || delta < 1 / examples) return [];
  const limit = (1 / examples).toPrecision(3);
  return [
    `delta ${delta} is not below 1 / ${examples} = ${limit}: it would allow to publish a whole ${unit} at random`,
  ];
}

function answerText(what: PrivacyOptions["what"], found: PrivacyAnswer): string {
  const bounds = `at least ${short(found.lower)}, at most ${short(found.upper)}`;
  const [epsilon, delta] = [short(found.epsilon), short(found.delta)];
  const rows = [
    ...(found.noiseMultiplier === undefined
      ? []
      : [["noise multiplier", String(found.noiseMultiplier)]]),
    ["epsilon", what === "delta" ? epsilon : `${epsilon} (${bounds})`],
    ["delta", what === "delta" ? `${delta} (${bounds})` : delta],
    ["accountant", accountantText(found)],
    ["neighbours", found.relation],
    ["unit", found.unit],
    ["rows", String(found.events.length)],
  ];
  return tableText([], rows);
}

function accountantText({ accountant, order, orders, mesh }: PrivacyAnswer): string {
  if (mesh !== undefined) {
    return `${accountant}, ${mesh.size} privacy losses ${short(mesh.step)} apart`;
  }
  if (order === undefined || orders === undefined) return `${accountant}, closed form`;
  return `${accountant}, best order ${order} of ${orders.count} from ${orders.first} to ${orders.last}`;
}

/** Six digits, without trailing zeros. */
function short(value: number): string {
  return String(Number(value.toPrecision(6)));
}
