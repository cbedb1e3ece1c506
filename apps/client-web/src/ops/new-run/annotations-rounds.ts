/** Words and places for the settings of rounds, evaluation and privacy; see annotations.ts. */
import type { Annotation, Annotations } from "./form/field.ts";

const isAdvanced = true;

/** Settings that take a share between 0 and 1 and are written as per cent. */
const percent = { widget: "percent", unit: "%" } as const satisfies Annotation;
const duration = { widget: "duration" } as const satisfies Annotation;

/** Of `rounds` and `evaluation`. */
export const rounds: Annotations = {
  rounds: { group: "rounds", order: 0 },
  "rounds.numRounds": { title: "Rounds", order: 1 },
  "rounds.fractionFit": {
    ...{ title: "Clients per round", order: 2, ...percent, unit: "% of those present" },
    help: "Drawn anew for every round",
  },
  "rounds.minFitClients": {
    ...{ title: "Quorum", order: 3, unit: "updates" },
    help: "With fewer at the deadline, the round is tried again",
  },
  "rounds.roundTimeoutMs": {
    ...{ title: "Deadline", order: 4, ...duration },
    help: "The round closes with what has come",
  },
  "rounds.minAvailableClients": {
    ...{ title: "Needed to begin", order: 5, unit: "clients" },
    help: "A round opens when so many are there",
  },
  "rounds.waitTimeoutMs": {
    ...{ title: "Longest wait for them", order: 6, ...duration },
    help: "After this the run has failed",
  },
  "rounds.overSelection": {
    ...{ title: "Extra clients", order: 7, unit: "× those wanted", isAdvanced },
    help: "Asked in case some drop out",
  },
  "rounds.sampling": {
    ...{ title: "Drawing", order: 8, isAdvanced },
    help: "How the clients of a round are drawn",
    values: { fixed: "As many each time", poisson: "Each client on its own" },
  },
  "rounds.maxAttempts": { title: "Attempts per round", order: 9, isAdvanced },
  "rounds.uploadGraceMs": {
    ...{ title: "Time for uploads under way", order: 10, ...duration, isAdvanced },
    help: "After the deadline",
  },
  "rounds.reconnectGraceMs": {
    ...{ title: "Time to reconnect", order: 11, ...duration, isAdvanced },
    help: "After this a client counts as gone",
  },
  "rounds.restartGraceMs": {
    ...{ title: "Time after a restart", order: 12, ...duration, isAdvanced },
    help: "For clients to come back to a coordinator that was away",
  },
  "rounds.weightedBy": {
    ...{ title: "Weight of an update", order: 13, isAdvanced },
    values: { examples: "By its rows", uniform: "All alike" },
  },
  "rounds.mode": {
    ...{ title: "Mode", order: 14, isAdvanced },
    help: "Buffered: clients always have an order, a round closes when its buffer is full",
    values: { synchronous: "Synchronous", buffered: "Buffered: nobody waits" },
  },
  "rounds.lateUpdates": {
    ...{ title: "Late updates", order: 15, isAdvanced },
    help: "What comes after its round has closed",
    values: { drop: "Refused", "next-round": "Count in the next round, discounted" },
  },
  "rounds.buffer": { order: 16, isAdvanced },
  "rounds.buffer.size": { title: "Buffer", empty: "As the quorum", unit: "updates" },
  "rounds.buffer.concurrency": { title: "Training at once", empty: "All", unit: "clients" },
  "rounds.buffer.maxStaleness": { title: "Greatest staleness", unit: "rounds" },
  "rounds.buffer.discount": { title: "Discount of late updates" },
  "rounds.buffer.exponent": { title: "Exponent of the discount" },
  evaluation: { group: "rounds", order: 20, isAdvanced },
  "evaluation.everyRounds": {
    ...{ title: "Evaluation", order: 20, unit: "rounds apart", isAdvanced: false },
    help: "Before the first and after the last round too; 0: never",
  },
  "evaluation.metric": {
    ...{ title: "Metric of the best round", order: 21, isAdvanced: false },
    help: "Of a loss the lowest, else the highest",
  },
  "evaluation.where": {
    ...{ title: "Evaluated by", order: 22 },
    help: "",
    values: { central: "The server, on its rows", federated: "The clients, on theirs" },
    empty: "As fits the method",
  },
  "evaluation.fractionEvaluate": {
    ...{ title: "Clients that evaluate", order: 23, ...percent, unit: "% of those present" },
  },
  "evaluation.evaluateTimeoutMs": {
    ...{ title: "Deadline of an evaluation", order: 24, ...duration },
  },
  "evaluation.earlyStopping": { title: "Early stopping", order: 25 },
  "evaluation.earlyStopping.patience": { title: "Patience", unit: "evaluations" },
  "evaluation.earlyStopping.minDelta": { title: "Least gain" },
  "evaluation.aggregationError": { title: "Measure the aggregation error", order: 26 },
};

/** Of `privacy`. */
export const privacy: Annotations = {
  privacy: {
    ...{ title: "Protection", group: "privacy", widget: "cards", order: 0, isWide: true },
    values: {
      none: "None",
      "record-level": "For each row",
      "user-level": "For each participant",
    },
  },
  "privacy.targetEpsilon": {
    ...{ title: "Target for the run", order: 1, unit: "\u03b5" },
    help: "The noise is found for it",
    empty: "The noise is given",
  },
  "privacy.delta": {
    ...{ title: "Delta", order: 2, unit: "\u03b4" },
    help: "Below 1 \u00f7 the number of rows, or of participants",
  },
  "privacy.noiseMultiplier": {
    ...{ title: "Noise multiplier", order: 3, isWide: true, unit: "\u03c3 \u00f7 clip norm" },
    empty: "Found from the target",
  },
  "privacy.clipNorm": {
    ...{ title: "Clip norm", order: 4 },
    help: "Each contribution is cut to this length",
  },
  "privacy.samplingRate": {
    ...{ title: "Sampling rate", order: 5 },
    help: "How likely a row enters a step",
  },
  "privacy.expectedCohort": {
    ...{ title: "Expected participants", order: 5 },
    help: "In a round: the sum of updates is divided by it",
  },
  "privacy.budget": {
    ...{ title: "Budget of a data holder", order: 6 },
    help: "Its device refuses orders beyond this, over all runs",
  },
  "privacy.budget.epsilon": { title: "Limit per client", unit: "\u03b5", order: 6.5 },
  "privacy.noiseBy": {
    ...{ title: "Noise is added by", order: 7 },
    help: "Whom the guarantee has to trust",
    values: { coordinator: "The coordinator", clients: "The clients, each a share" },
  },
  "privacy.noiseShares": {
    ...{ title: "Shares that make up the noise", order: 8, isAdvanced },
    empty: "As the quorum",
  },
  "privacy.metrics": {
    ...{ title: "Clients\u2019 losses and counts", order: 9, isAdvanced },
    help: "What leaves a device besides its update",
    values: { withhold: "Withheld", release: "Released, outside of the guarantee" },
  },
  "privacy.accountant": {
    ...{ title: "Accountant", order: 10, isAdvanced },
    help: "What adds the rounds up",
    values: { prv: "PRV, tight", rdp: "RDP, for runs that adapt" },
  },
  "privacy.relation": { title: "Neighbouring data", order: 11, isAdvanced },
  "privacy.mechanism": {
    ...{ title: "Mechanism", order: 12, isAdvanced },
    help: "The tree is for clients that come and go as they please",
    values: { gaussian: "Gaussian", tree: "Tree (DP-FTRL)" },
  },
  "privacy.grouping": {
    ...{ title: "Clipping", order: 13, isAdvanced },
    help: "What is cut to the clip norm",
    values: { flat: "One norm over all", "per-role": "One norm for A, one for B" },
  },
  "privacy.adaptiveClipping": {
    ...{ title: "Adaptive clipping", order: 14, isAdvanced },
    help: "The clip norm follows a quantile of the norms",
  },
  "privacy.adaptiveClipping.targetClippedQuantile": { title: "Not clipped", ...percent },
  "privacy.adaptiveClipping.clipNormLr": { title: "Rate of following" },
  "privacy.adaptiveClipping.clippedCountStddev": {
    title: "Noise of the count",
    empty: "A twentieth of the expected units",
  },
  "privacy.noise": {
    ...{ title: "Source of noise", order: 15, isAdvanced },
    help: "A seed is for simulations alone",
    values: { secure: "The operating system", seeded: "A seed: protects nobody" },
  },
  "privacy.hardened": { title: "Discrete noise", order: 16, isAdvanced },
};
