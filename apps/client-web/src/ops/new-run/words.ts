/** What the page for a new run says. */
import { formatCount } from "@fedtune/figures";

const settings = (count: number): string =>
  count === 1 ? "1 setting" : `${formatCount(count)} settings`;

/** Texts of the page. */
export const words = {
  title: "New run",
  startFrom: "Start from",
  preset: (title: string) => `Preset: ${title}`,
  ownConfig: "Your own config",
  view: "View",
  form: "Form",
  json: "JSON",
  sections: "Sections",
  failed: "Could not load what this server can do",
  differ: (changed: number, all: number) =>
    [
      `${formatCount(changed)} of ${formatCount(all)}`,
      changed === 1 ? "setting differs from the preset." : "settings differ from the preset.",
    ] as const,
  showOnlyThese: "Show only these",
  showAll: "Show all",
  nothingDiffers: "Everything is as the preset has it.",
  toFix: (count: number) => `${formatCount(count)} to fix`,
  more: (count: number) => `${formatCount(count)} more ${count === 1 ? "setting" : "settings"}`,
  presetHas: (value: string) => `Preset: ${value}`,
  emptyMeans: (meaning: string) => `Empty: ${meaning.charAt(0).toLowerCase()}${meaning.slice(1)}`,
  changed: "changed",
  reset: "Reset",
  automatic: "Automatic",
  unitOf: (title: string) => `Unit of ${title}`,
  storedAs: (value: string) => `Stored as ${value}`,
  allMethods: (count: number) => `Compare all ${formatCount(count)} methods`,
  fewMethods: "Show fewer methods",
  upPerRound: (bytes: string) => `${bytes} up`,
  exact: "exact",
  personal: "personal",
  sparse: "sparse",
  cost: {
    title: "What this run will cost",
    loading: "Counting",
    unknown: "It can be told once the settings fit together.",
    failed: "Could not count what it will cost",
    privacy: "Privacy after each round",
    units: { example: "a row", user: "a participant" },
    privacyFoot: (unit: string, noise: string) =>
      `For ${unit} that takes part in every round, at noise multiplier ${noise}`,
    series: { privacy: "within the limit", bad: "beyond the limit" },
    limit: (value: string) => `limit ${value}`,
    round: (round: number) => `round ${formatCount(round)}`,
    open: "What it will cost",
  },
  spendsTooMuch: "The noise multiplier spends more than the limit",
  spends: (of: Readonly<Record<"rounds" | "noise" | "epsilon" | "limit", string>>) =>
    `${of.rounds} rounds at ${of.noise} would spend epsilon ${of.epsilon}; the limit is ${of.limit}.`,
  stopAfter: (least: string | null, round: string) =>
    least === null
      ? `Stop after round ${round}.`
      : `Use at least ${least}, or stop after round ${round}.`,
  set: (value: string) => `Set ${value}`,
  create: "Create run",
  creating: "Creating",
  toFixFirst: (count: number) => `${settings(count)} to fix before you can create this run`,
  ready: "Nothing to fix. Clients can join as soon as the run is created.",
  notCreated: "The run was not created",
  goTo: (title: string) => `Go to ${title}`,
  simulate: "Try it in simulation first",
  simulation: {
    title: "Try it in simulation",
    text: "A simulation plays all clients on one machine, with the same rounds and the same arithmetic, and needs none of their devices. Save the config and run it with the command line:",
    save: "Save the config",
    copy: "Copy the command",
    note: "Without data of yours it uses the built-in household requests; --data names a file.",
  },
  replace: {
    title: "Take another preset?",
    effect: (count: number) =>
      `${settings(count)} that you have changed will be as the preset has them.`,
    verb: "Take the preset",
  },
  jsonLabel: "Config of the run",
  jsonHelp: "What is absent is as the schema has it. The form shows the same document.",
  jsonWrong: (problem: string) =>
    `This is no JSON: ${problem}. The form keeps the last document that was.`,
  jsonNoObject: "This is no object. The form keeps the last document that was one.",
  restored: "Your unfinished run is back",
  restoredText: "It was kept in this tab.",
  startOver: "Start over",
} as const;
