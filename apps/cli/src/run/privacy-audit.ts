/** `fedtune privacy audit`: the code that trains privately, held against what is claimed for it. */
import { FedtuneError, parseInput, rngFromSeed } from "@fedtune/core";
import { drawsFrom, privacySchema, seededKeystream, systemKeystream } from "@fedtune/dp";
import type { AccountantName, NeighbouringRelation, PrivacyUnit } from "@fedtune/dp";
import { nodeEntropy } from "@fedtune/node-ports";
import { auditGradientCanaries } from "@fedtune/training";
import type { AuditedClaim, AuditVerdict, GradientAudit } from "@fedtune/training";
import { setImmediate } from "node:timers/promises";
import { exitCodes } from "../edge.ts";
import type { Io } from "../io.ts";
import { tableText } from "../table.ts";

/** What an audit was asked for. */
export interface PrivacyAuditOptions {
  readonly samplingRate?: number | undefined;
  readonly noiseMultiplier?: number | undefined;
  readonly steps?: number | undefined;
  readonly delta?: number | undefined;
  readonly canaries: number;
  /** Undefined: noise and samples come from the operating system, as in training. */
  readonly seed?: number | undefined;
  readonly withoutNoise?: true | undefined;
  readonly accountant: AccountantName;
  readonly relation: NeighbouringRelation;
  readonly unit: PrivacyUnit;
  readonly participations?: number | undefined;
  readonly epsilon?: number | undefined;
  readonly examples?: number | undefined;
  readonly ledger?: string | undefined;
}

/** What `--json` prints. */
export interface PrivacyAuditAnswer extends AuditVerdict {
  readonly accountant: AccountantName;
  readonly relation: NeighbouringRelation;
  readonly seed: number | null;
  readonly withoutNoise: boolean;
  /** What the same audit certifies without noise. When that is not above the claim, the audit cannot refute it. */
  readonly mostCertifiable: number;
}

const CONFIDENCE = 0.95;

/**
 * Audits the steps that the options describe; 1 when more was certified than the accountant claims.
 *
 * @throws FedtuneError `usage` for a missing or meaningless option, `config-invalid` for settings that training refuses
 */
export async function auditPrivacy(options: PrivacyAuditOptions, io: Io): Promise<number> {
  const claim = claimOf(options);
  const { accountant, relation } = claim.settings;
  const { canaries, seed = null, withoutNoise = false } = options;
  const bar = io.progress("steps", 2 * claim.steps, { terminalOnly: true });
  let steps = 0;
  const run = (noiseless: boolean): Promise<AuditVerdict> =>
    auditGradientCanaries({
      ...claim,
      ...randomnessOf(seed),
      canaries,
      withoutNoise: noiseless,
      async beforeStep() {
        bar.update(steps++);
        // Lets an interrupt in.
        await setImmediate();
        io.signal.throwIfAborted();
      },
    });
  try {
    const control = await run(true);
    const verdict = withoutNoise ? control : await run(false);
    bar.stop();
    const mostCertifiable = control.certified.epsilon;
    const about = { accountant, relation, seed, withoutNoise, mostCertifiable };
    io.result({ ...verdict, ...about }, () => answerText({ ...verdict, ...about }));
    return verdict.holds ? exitCodes.ok : exitCodes.failure;
  } finally {
    bar.stop();
  }
}

function claimOf(options: PrivacyAuditOptions): AuditedClaim {
  refuseMeaningless(options);
  const { samplingRate = 1, accountant, relation } = options;
  const noiseMultiplier = needed(options.noiseMultiplier, "--noise-multiplier");
  const steps = needed(options.steps, "--steps");
  const delta = needed(options.delta, "--delta");
  const settings = parseInput(
    privacySchema,
    { mode: "record-level", samplingRate, noiseMultiplier, delta, accountant, relation },
    { what: "the options of the audit", field: "privacy" },
  );
  if (settings.mode !== "record-level") throw new RangeError("Cannot audit another mode");
  return { settings: { ...settings, noiseMultiplier }, steps, confidence: CONFIDENCE };
}

function refuseMeaningless(options: PrivacyAuditOptions): void {
  const { accountant, relation, unit } = options;
  const wanted = [
    ["--accountant", accountant, ["prv", "rdp"]],
    // What a coin decides is whether a canary is there.
    ["--relation", relation, ["add-or-remove-one"]],
    ["--unit", unit, ["example"]],
  ] as const;
  for (const [flag, value, values] of wanted) {
    if (!values.some((known) => known === value)) {
      throw usage(`Cannot audit ${flag} ${value}: wanted ${values.join(" or ")}`);
    }
  }
  const meaningless = { "--participations": options.participations, "--epsilon": options.epsilon };
  const others = { ...meaningless, "--examples": options.examples, "--ledger": options.ledger };
  for (const [flag, value] of Object.entries(others)) {
    if (value !== undefined) throw usage(`${flag} means nothing for fedtune privacy audit`);
  }
}

function needed(value: number | undefined, flag: string): number {
  if (value === undefined) throw usage(`fedtune privacy audit needs ${flag}`);
  return value;
}

function usage(why: string): FedtuneError {
  return new FedtuneError("usage", why, { data: { help: "fedtune privacy --help" } });
}

function randomnessOf(seed: number | null): Pick<GradientAudit, "coins" | "randomness"> {
  if (seed === null) {
    const system = systemKeystream(nodeEntropy);
    return { coins: drawsFrom(system), randomness: { noise: system, sampling: system } };
  }
  const rng = rngFromSeed(seed);
  const stream = (use: string) => seededKeystream(rng.fork(use));
  return {
    coins: rng.fork("coins"),
    randomness: { noise: stream("noise"), sampling: stream("sampling") },
  };
}

function answerText(answer: PrivacyAuditAnswer): string {
  const { certified, claimedEpsilon, delta, confidence, canaries, included } = answer;
  const { guesses, correct, epsilon } = certified;
  const source = answer.seed === null ? "the operating system" : `seed ${answer.seed}`;
  return tableText(
    [],
    [
      ["claimed", `epsilon ${claimedEpsilon.toPrecision(6)} at delta ${delta}`],
      ["accountant", answer.accountant],
      ["certified", `epsilon at least ${epsilon.toPrecision(6)}`],
      ["confidence", `${100 * confidence} %`],
      ["without noise", `epsilon at least ${answer.mostCertifiable.toPrecision(6)}`],
      ["canaries", `${canaries}, of which ${included} in the data`],
      ["guesses", `${guesses}, of which ${correct} right`],
      ["noise from", answer.withoutNoise ? "nowhere: it was left out" : source],
      ["verdict", verdictText(answer)],
    ],
  );
}

function verdictText({ holds, mostCertifiable, claimedEpsilon }: PrivacyAuditAnswer): string {
  if (!holds) return "the claim is refuted: more leaks than it admits";
  if (mostCertifiable > claimedEpsilon) return "the claim stands";
  return "none: the claim is beyond what so few canaries certify even without noise";
}
