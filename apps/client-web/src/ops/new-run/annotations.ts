/**
 * Words and places for settings of a run, by path. A setting that is not here appears by itself: with a title made of its
 * key, the schema's description, and in the section of what stands around it.
 */
import { privacy, rounds } from "./annotations-rounds.ts";
import type { Annotation, Annotations } from "./form/field.ts";

const isAdvanced = true;

/** Settings that take a share between 0 and 1 and are written as per cent. */
const percent = { widget: "percent", unit: "%" } as const satisfies Annotation;

const task: Annotations = {
  name: {
    title: "Name",
    help: "In addresses and lists, at the coordinator and at every client",
    ...{ group: "task", order: 0 },
  },
  task: {
    ...{ title: "Task", group: "task", order: 10 },
    values: {
      "sequence-classification": "Label texts",
      "image-classification": "Label images",
      "causal-lm": "Continue texts",
    },
  },
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
    help: "Of each client\u2019s rows, never trained on, where it has no evaluation file",
    empty: "20 % with evaluation by the clients, else none",
  },
  seed: { title: "Seed", help: "Of everything random", group: "task", order: 30, isAdvanced },
};

const model: Annotations = {
  model: {
    title: "Base model",
    help: "A built-in model, or a checkpoint\u2019s folder on the server",
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
    help: "Passes over a client\u2019s rows in a round",
    order: 20,
  },
  "training.learningRate": { title: "Learning rate", help: "The same in all rounds", order: 21 },
  "training.batchSize": { title: "Batch size", help: "Rows in a step", unit: "rows", order: 22 },
  "training.maxSteps": {
    ...{ title: "Most steps", order: 23, unit: "steps" },
    help: "Ends a client\u2019s round early",
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
    help: "Greatest norm of a step\u2019s gradient",
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

/** What people are told before they take part; all of it may be left out. */
const about: Annotations = {
  about: { group: "people", order: 0 },
  "about.title": {
    ...{ title: "Title", order: 1, wanted: "one line of at most 120 characters" },
    help: "For people; without one they see the name",
  },
  "about.organiser": {
    ...{ title: "Who asks", order: 2, wanted: "one line of at most 120 characters" },
    help: "The organisation or person behind the run",
  },
  "about.description": {
    ...{ title: "What it is for", widget: "lines", isWide: true, order: 3 },
    help: "In plain words, as you would tell it to a patient or a customer",
    wanted: "text of at most 2,000 characters",
  },
  "about.contact": {
    ...{
      title: "Contact",
      order: 4,
      wanted: "an e-mail address, or one that begins with https://",
    },
    help: "An e-mail address or a page, for questions",
  },
  "about.party": {
    ...{ title: "A participant is called", order: 5, wanted: "a noun in the singular" },
    help: "A noun, such as clinic",
    empty: "Participant",
  },
  "about.subject": {
    ...{ title: "A row is called", group: "task", order: 12, wanted: "a noun in the singular" },
    help: "A noun, such as message",
    empty: "Row",
  },
  "about.minimumExamples": {
    ...{ title: "Least rows", group: "task", order: 13, unit: "rows" },
    help: "Whoever has fewer is asked not to take part",
    empty: "Any number",
  },
  "about.columns": { group: "task", order: 14, isAdvanced },
  "about.columns.text": { title: "Column of the text", help: "", empty: "text" },
  "about.columns.textPair": { title: "Column of the second text", help: "", empty: "none" },
  "about.columns.label": { title: "Column of the label", help: "", empty: "label" },
};

const people: Annotations = {
  participants: {
    ...{ title: "Names of those who may join", group: "people", order: 9, isWide: true },
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
  ...about,
  ...people,
};
