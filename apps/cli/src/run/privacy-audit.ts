/** `fedtune privacy audit`: the code that trains privately, held against what is claimed for it. */
import { FedtuneError, parseInput, rngFromSeed } from "@fedtune/core";
import { drawsFrom, privacySchema, seededKeystream, systemKeystream } from "@fedtune/dp";
import type { AccountantName, NeighbouringRelation, PrivacyUnit } from "@fedtune/dp";
import { nodeEntropy } from "@fedtune/node-ports";
import { auditGradientCanaries, auditInputCanaries, loadCheckpoint } from "@fedtune/training";
import type { AuditedClaim, AuditVerdict, CanaryAudit } from "@fedtune/training";
import { chooseBackend, nodeFiles } from "@fedtune/training/node";
import { setImmediate } from "node:timers/promises";
import { exitCodes } from "../edge.ts";
import type { Io } from "../io.ts";
import { tableText } from "../table.ts";
import { openBaseModel } from "./base-model.ts";

/** What an audit was asked for. */
export interface PrivacyAuditOptions {
  readonly samplingRate?: number | undefined;
  readonly noiseMultiplier?: number | undefined;
  readonly steps?: number | undefined;
  readonly delta?: number | undefined;
  /** Undefined: {@link DEFAULT_CANARIES}. */
  readonly canaries?: number | undefined;
  /** Canaries are texts for this base model; undefined: gradients without a model. */
  readonly model?: string | undefined;
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
  readonly model: string | null;
  readonly seed: number | null;
  readonly withoutNoise: boolean;
  /** What the same audit certifies without noise. When that is not above the claim, the audit cannot refute it. */
  readonly mostCertifiable: number;
}

const CONFIDENCE = 0.95;
/** Texts cost a pass each in every step. */
const DEFAULT_CANARIES = { gradients: 1000, texts: 256 };

/**
 * Audits the steps that the options describe; 1 when more was certified than the accountant claims.
 *
 * @throws FedtuneError `usage` for a missing or meaningless option, `config-invalid` for settings that training refuses
 */
export async function auditPrivacy(options: PrivacyAuditOptions, io: Io): Promise<number> {
  const claim = claimOf(options);
  const { accountant, relation } = claim.settings;
  const { model = null, seed = null, withoutNoise = false } = options;
  const { gradients, texts } = DEFAULT_CANARIES;
  const canaries = options.canaries ?? (model === null ? gradients : texts);
  const audit = await auditorOf(model, seed);
  const bar = io.progress("steps", 2 * claim.steps, { terminalOnly: true });
  let steps = 0;
  const run = (noiseless: boolean): Promise<AuditVerdict> =>
    audit({
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
    const about = { accountant, relation, model, seed, withoutNoise, mostCertifiable };
    io.result({ ...verdict, ...about }, () => answerText({ ...verdict, ...about }));
    return verdict.holds ? exitCodes.ok : exitCodes.failure;
  } finally {
    bar.stop();
  }
}

/** Over gradients, or over texts for a model in this thread. @throws FedtuneError as opening model and backend does */
async function auditorOf(
  model: string | null,
  seed: number | null,
): Promise<(audit: CanaryAudit) => Promise<AuditVerdict>> {
  if (model === null) return auditGradientCanaries;
  const { folder } = await openBaseModel(model);
  await chooseBackend("auto");
  const checkpoint = await loadCheckpoint(nodeFiles, folder);
  // Texts need not be secret: the auditor knows them.
  return (audit) =>
    auditInputCanaries({ ...audit, checkpoint, rng: rngFromSeed(seed ?? 0).fork("texts") });
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

function randomnessOf(seed: number | null): Pick<CanaryAudit, "coins" | "randomness"> {
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
  const kind = answer.model === null ? "gradients" : `texts for ${answer.model}`;
  const source = answer.seed === null ? "the operating system" : `seed ${answer.seed}`;
  return tableText(
    [],
    [
      ["claimed", `epsilon ${claimedEpsilon.toPrecision(6)} at delta ${delta}`],
      ["accountant", answer.accountant],
      ["certified", `epsilon at least ${epsilon.toPrecision(6)}`],
      ["confidence", `${100 * confidence} %`],
      ["without noise", `epsilon at least ${answer.mostCertifiable.toPrecision(6)}`],
      ["canaries", `${canaries} ${kind}, of which ${included} in the data`],
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
