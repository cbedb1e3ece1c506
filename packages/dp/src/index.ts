/** Differential privacy: what was done to data (events), what it costs (accountants), and how noise is made. */
export { neighbouringRelations, parseEvents, privacyEventSchema, privacyUnits } from "./events.ts";
export type { NeighbouringRelation, PrivacyEvent, PrivacyUnit } from "./events.ts";

export { accountantNames } from "./accountants/accountant.ts";
export type {
  Accountant,
  AccountantName,
  ComposedPrivacy,
  DeltaResult,
  EpsilonResult,
  PrivacyQuery,
  Provenance,
} from "./accountants/accountant.ts";
export { accountants } from "./accountants/registry.ts";
export { createRdpAccountant } from "./accountants/rdp.ts";

export { calibrateNoise } from "./calibrate.ts";
export type { CalibratedNoise, NoiseSearch, PrivacyTarget } from "./calibrate.ts";

export { bestFilterOrder, filteredEpsilon, filterOrder, openRenyiFilter } from "./renyi-filter.ts";
export type { RenyiFilter, RenyiFilterOptions } from "./renyi-filter.ts";

export { discreteGaussian, discreteGaussianNoise } from "./noise/discrete-gaussian.ts";
export { drawsFrom } from "./noise/draws.ts";
export type { Draws } from "./noise/draws.ts";
export { addNoise, gaussianNoise, releaseGrid } from "./noise/gaussian.ts";
export type { NoiseRequest } from "./noise/gaussian.ts";
export { noisyVector } from "./noise/noisy-vector.ts";
export type { NoisyVector, NoisyVectorRequest } from "./noise/noisy-vector.ts";
export { integerGrid, leaveGrid } from "./noise/integer-grid.ts";
export type { GridRequest, IntegerGrid } from "./noise/integer-grid.ts";
export { secureKeystream, seededKeystream, systemKeystream } from "./noise/keystream.ts";
export type { Keystream, SecureKeystream, SeededKeystream } from "./noise/keystream.ts";
export { expectedBatchSize, poissonSample } from "./poisson.ts";
export type { PoissonSampling } from "./poisson.ts";

export {
  clippedBit,
  defaultBitDeviation,
  nextClipNorm,
  updateNoiseMultiplier,
} from "./clip/adaptive.ts";
export type { ClipAdaptation } from "./clip/adaptive.ts";
export { openNoisyBits } from "./clip/noisy-bits.ts";
export type { BitPlan, NoisyBits } from "./clip/noisy-bits.ts";
export { clipFactor, squaredNorm } from "./clip/clipper.ts";
export type { ClipCounts, Clipper } from "./clip/clipper.ts";
export { flatClip } from "./clip/flat.ts";
export { integerClip } from "./clip/integer.ts";
export { groupsByRole, perGroupClip } from "./clip/per-group.ts";
export type { ClipGroup } from "./clip/per-group.ts";

export { ledgerText, newLedger, openLedger, rowLine } from "./ledger/ledger.ts";
export type { Appended, AppendPorts, Ledger } from "./ledger/ledger.ts";
export { mergeLedgers } from "./ledger/merge.ts";
export type { Merged } from "./ledger/merge.ts";
export type { LedgerKey, LedgerRow, LedgerSlot, LedgerState } from "./ledger/rows.ts";
export { exhausted, freeUndelivered, ledgerEvents, reserve, spend } from "./ledger/spending.ts";
export type { EpsilonOf, Limit, PrivacyBudget, Reservation } from "./ledger/spending.ts";

export { privacyIssues } from "./privacy-issues.ts";
export { privacySchema } from "./privacy-settings.ts";
export type { PrivacySettings, RecordLevelPrivacy, UserLevelPrivacy } from "./privacy-settings.ts";
export {
  plannedEvents,
  plannedSteps,
  recordLevelEvents,
  recordLevelIssues,
  stepNoise,
} from "./record-level.ts";
export type { PlannedTraining, StepNoise } from "./record-level.ts";
export { epsilonAfter, privacyRules, privacySettings, runEvents } from "./run-privacy.ts";
export type { PrivateRun } from "./run-privacy.ts";
export { privacyForecast } from "./forecast.ts";
export type { ForecastOptions, PrivacyForecast } from "./forecast.ts";
export { runGuarantee } from "./run-report.ts";
export { addShare } from "./client-share.ts";
export { userLevelPrivacy } from "./user-level.ts";
export { privacyReport, privacyReportText } from "./report.ts";
export type { Guarantee, NoGuarantee, ReportedSampling, ReportInput } from "./report.ts";

export { chooseCanaries, countGuesses, guessExtremes } from "./audit/canaries.ts";
export type { GuessCount, Guesses } from "./audit/canaries.ts";
export { certifyScores } from "./audit/certify.ts";
export type { Certification, CertifiedBound } from "./audit/certify.ts";
export { auditPValue, certifiedEpsilon } from "./audit/one-run.ts";
export type { AuditObservation } from "./audit/one-run.ts";
