/**
 * Words and places for settings of a run, by path. A setting that is not here appears by itself: with a title made of its
 * key, the schema's description, and in the section of what stands around it.
 */
import type { Annotation, Annotations } from "./form/field.ts";

const isAdvanced = true;

/** Settings that take a share between 0 and 1 and are written as per cent. */
const percent = { widget: "percent", unit: "%" } as const satisfies Annotation;
const duration = { widget: "duration" } as const satisfies Annotation;

const task: Annotations = {
  name: {
    title: "Name",
    help: "In addresses and lists, at the coordinator and at every client",
    ...{ group: "task", order: 0 },
  },
  task: { group: "task", order: 10 },
  "task.labels": {
    title: "Labels",
    help: "In a fixed order, separated by commas. A row with any other label is an error",
    ...{ isWide: true, order: 11 },
  },
  "training.maxLength": {
    title: "Longest text",
    help: "Longer ones are cut; special tokens count",
    ...{ group: "task", order: 20, unit: "tokens" },
  },
  "evaluation.holdout": {
    ...{ title: "Held out", group: "task", order: 21, ...percent },
    help: "Of each client's rows, never trained on, where it has no evaluation file",
    empty: "20 % with evaluation by the clients, else none",
  },
  seed: { title: "Seed", help: "Of everything random", group: "task", order: 30, isAdvanced },
};

const model: Annotations = {
  model: {
    title: "Base model",
    help: "A built-in model, or a checkpoint's folder on the server",
    ...{ group: "model", order: 0, isWide: true },
  },
  adapter: { group: "model", order: 10 },
  "adapter.kind": { title: "Adapter kind", group: "method", order: 10 },
  "adapter.rank": { title: "Rank", help: "Inner width of the factors", group: "method", order: 11 },
  "adapter.targetModules": {
    title: "Target modules",
    help: "Ends of module names, as PEFT names them",
    order: 12,
  },
  "adapter.loraAlpha": { title: "LoRA alpha", help: "Scaling: alpha by rank", order: 13 },
  "adapter.init": {
    ...{ title: "First values", order: 14, isAdvanced },
    help: "How the factors are drawn",
    empty: "As is usual for the kind",
  },
  "adapter.clientRanks": {
    ...{ title: "Rank of each client", order: 15, isAdvanced },
    help: "In the order of joining, then over again",
    empty: "All have the same",
  },
  head: {
    ...{ title: "Classifier head", group: "model", order: 16, isAdvanced },
    help: "Frozen, shared with all, or kept by each client",
    empty: "As is usual for the method",
  },
  "update.codec": {
    ...{ title: "Encoding of updates", group: "model", order: 17, isAdvanced },
    help: "Fewer bits, fewer bytes, less exact",
  },
  update: { group: "model", order: 17, isAdvanced },
};

const method: Annotations = {
  method: { title: "Method", group: "method", widget: "cards", order: 0, isWide: true },
  training: { group: "method", order: 20 },
  "training.localEpochs": {
    title: "Local epochs",
    help: "Passes over a client's rows in a round",
    order: 20,
  },
  "training.learningRate": { title: "Learning rate", help: "The same in all rounds", order: 21 },
  "training.batchSize": { title: "Batch size", help: "Rows in a step", unit: "rows", order: 22 },
  "training.maxSteps": {
    ...{ title: "Most steps", order: 23, unit: "steps" },
    help: "Ends a client's round early",
    empty: "No limit",
  },
  "training.microBatchSize": {
    ...{ title: "Rows at once", order: 24, unit: "rows", isAdvanced },
    help: "A batch in parts needs less memory",
    empty: "The whole batch",
  },
  "training.optimizer": { title: "Optimiser", help: "On the clients", order: 25, isAdvanced },
  "training.maxGradNorm": {
    ...{ title: "Gradient clipping", order: 26, isAdvanced },
    help: "Greatest norm of a step's gradient",
    empty: "Not clipped",
  },
  combiner: {
    title: "Combination of updates",
    help: "The mean, or one that bears with liars",
    ...{ group: "method", order: 30, isAdvanced },
  },
  firewall: { group: "method", order: 40, isAdvanced },
  "firewall.maxNorm": {
    ...{ title: "Greatest update", order: 41 },
    help: "Updates with a greater norm are refused",
    empty: "Any",
  },
  "firewall.maxWeight": {
    ...{ title: "Greatest weight", order: 42 },
    help: "Most that one client counts in the mean",
    empty: "Any",
  },
};

const rounds: Annotations = {
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
    values: { synchronous: "Synchronous", buffered: "Buffered: nobody waits" },
  },
  "rounds.buffer": { order: 15, isAdvanced },
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

const privacy: Annotations = {
  privacy: {
    ...{ title: "Protection", group: "privacy", widget: "cards", order: 0, isWide: true },
    values: { none: "None", "record-level": "Of each row", "user-level": "Of each participant" },
  },
  "privacy.targetEpsilon": {
    ...{ title: "Target for the run", order: 1, unit: "\u03b5" },
    help: "The noise is found for it",
    empty: "The noise is given",
  },
  "privacy.delta": {
    ...{ title: "Delta", order: 2, unit: "\u03b4" },
    help: "Below 1 by the number of rows, or of participants",
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
    values: { coordinator: "The coordinator", clients: "The clients, each a share" },
  },
  "privacy.noiseShares": {
    ...{ title: "Shares that make up the noise", order: 8, isAdvanced },
    empty: "As the quorum",
  },
  "privacy.metrics": {
    ...{ title: "Clients' losses and counts", order: 9, isAdvanced },
    values: { withhold: "Withheld", release: "Released, outside of the guarantee" },
  },
  "privacy.accountant": {
    ...{ title: "Accountant", order: 10, isAdvanced },
    values: { prv: "PRV, tight", rdp: "RDP, for runs that adapt" },
  },
  "privacy.relation": { title: "Neighbouring data", order: 11, isAdvanced },
  "privacy.mechanism": {
    ...{ title: "Mechanism", order: 12, isAdvanced },
    values: { gaussian: "Gaussian", tree: "Tree (DP-FTRL)" },
  },
  "privacy.grouping": {
    ...{ title: "Clipping", order: 13, isAdvanced },
    values: { flat: "One norm over all", "per-role": "One norm for A, one for B" },
  },
  "privacy.adaptiveClipping": { title: "Clip norm follows the norms", order: 14, isAdvanced },
  "privacy.adaptiveClipping.targetClippedQuantile": { title: "Not clipped", ...percent },
  "privacy.adaptiveClipping.clipNormLr": { title: "Rate of following" },
  "privacy.adaptiveClipping.clippedCountStddev": {
    title: "Noise of the count",
    empty: "A twentieth of the expected units",
  },
  "privacy.noise": {
    ...{ title: "Source of noise", order: 15, isAdvanced },
    values: { secure: "The operating system", seeded: "A seed: protects nobody" },
  },
  "privacy.hardened": { title: "Discrete noise", order: 16, isAdvanced },
};

const people: Annotations = {
  participants: {
    ...{ title: "Names of those who may join", group: "people", order: 0, isWide: true },
    help: "Separated by commas",
    empty: "Anybody with an invitation",
  },
};

/** All of them. */
export const annotations: Annotations = {
  ...task,
  ...model,
  ...method,
  ...rounds,
  ...privacy,
  ...people,
};
