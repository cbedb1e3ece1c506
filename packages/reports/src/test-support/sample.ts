/** An experiment as it could have been: four methods under two privacy targets and three seeds. */
import type { CellResult, ExperimentResult, JsonValue, ReportRow } from "@fedtune/simulation";
import { experimentSchema } from "@fedtune/simulation";

/** Repeatable numbers between 0 and 1 (mulberry32). */
function dice(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** About normal, of mean 0 and deviation 1. */
const normal = (roll: () => number): number =>
  Array.from({ length: 12 }, roll).reduce((sum, one) => sum + one, -6);

interface Shape {
  readonly name: string;
  /** What accuracy it goes to without noise, and how fast. */
  readonly top: number;
  readonly pace: number;
  /** How much noise costs it. */
  readonly cost: number;
  readonly up: number;
  readonly down: number;
  readonly error: number;
}

const shapes: readonly Shape[] = [
  { name: "fedavg", top: 0.86, pace: 7, cost: 0.16, up: 313_488, down: 313_488, error: 3.8e-2 },
  { name: "ffa-lora", top: 0.85, pace: 8, cost: 0.07, up: 166_032, down: 166_032, error: 0 },
  { name: "fedsvd", top: 0.87, pace: 6.5, cost: 0.055, up: 166_032, down: 313_488, error: 0 },
  {
    name: "fedsa-lora",
    top: 0.88,
    pace: 5.5,
    cost: 0.03,
    up: 147_552,
    down: 147_552,
    error: 3.6e-3,
  },
];

const rounds = 40;
const clients = 8;
const labels = 12;

function rowsOf(shape: Shape, epsilon: number, roll: () => number): ReportRow[] {
  const noise = 1 / epsilon;
  const offset = 0.008 * normal(roll);
  return Array.from({ length: rounds + 1 }, (_, round): ReportRow => {
    const reach = shape.top - shape.cost * 3 * noise + offset;
    const value = 1 / labels + (reach - 1 / labels) * (1 - Math.exp(-round / shape.pace));
    const accuracy = Math.min(0.99, Math.max(0.02, value + 0.006 * normal(roll)));
    const isFirst = round === 0;
    const total = shape.error * Math.exp(-round / 25) * (1 + 0.1 * normal(roll));
    return {
      round,
      evaluation: { accuracy, loss: 2.6 * (1 - accuracy) + 0.2, macroF1: accuracy - 0.02 },
      training: isFirst ? null : { loss: 2.5 * Math.exp(-round / 9) + 0.3 },
      method: {},
      aggregationError: isFirst
        ? null
        : { total: shape.error === 0 ? 0 : total, reason: null, standardError: 0, modules: {} },
      sampled: isFirst ? 0 : clients,
      accepted: isFirst ? 0 : clients,
      refusals: {},
      declined: 0,
      gone: 0,
      bytesUp: isFirst ? 0 : shape.up * clients,
      bytesDown: isFirst ? 0 : shape.down * clients,
      controlBytesUp: isFirst ? 0 : 1500 * clients,
      controlBytesDown: isFirst ? 0 : 2100 * clients,
      evaluationTraffic: null,
      seconds: isFirst ? 0 : 41 + 9 * roll() + shape.up / 20_000,
      epsilon: epsilon * Math.sqrt(round / rounds),
    };
  });
}

function sharesOf(roll: () => number): NonNullable<CellResult["shares"]> {
  const described = Array.from({ length: clients }, (_, client) => {
    const weights = Array.from({ length: labels }, () => -Math.log(1 - roll()) * roll() ** 2);
    const sum = weights.reduce((all, one) => all + one, 0);
    const perLabel = weights.map((weight) => Math.round((260 * weight) / sum));
    const rows = perLabel.reduce((all, one) => all + one, 0);
    return { name: `client-${String(client + 1).padStart(2, "0")}`, rows, perLabel };
  });
  return { rows: described.reduce((all, { rows }) => all + rows, 0), clients: described };
}

const hashOf = (text: string): string => {
  let state = 0x811c9dc5;
  for (const character of text)
    state = Math.imul(state ^ (character.codePointAt(0) ?? 0), 0x01000193);
  return Array.from({ length: 8 }, (_, i) => {
    return (Math.imul(state, 2 * i + 1) >>> 0).toString(16).padStart(8, "0");
  }).join("");
};

function cellOf(shape: Shape, epsilon: number, seed: number): CellResult {
  const settings: Record<string, JsonValue> = {
    "method.name": shape.name,
    "privacy.epsilon": epsilon,
  };
  const roll = dice(seed * 1009 + epsilon * 31 + shape.name.length * 7 + shape.up);
  const rows = rowsOf(shape, epsilon, roll);
  const final = rows.at(-1)?.evaluation?.["accuracy"] ?? 0;
  const labelList = Array.from({ length: labels }, (_, i) => `label ${String(i + 1)}`);
  return {
    hash: hashOf(`${shape.name} ${String(epsilon)} ${String(seed)}`),
    variant: null,
    settings,
    seed,
    config: {
      method: { name: shape.name },
      seed,
      task: { kind: "sequence-classification", labels: labelList },
    },
    status: "completed",
    failure: null,
    configHash: hashOf(`config ${shape.name} ${String(epsilon)} ${String(seed)}`),
    adapterHash: hashOf(`adapter ${shape.name} ${String(epsilon)} ${String(seed)}`),
    rows,
    shares: sharesOf(dice(seed)),
    clients: Array.from({ length: clients }, (_, client) => {
      const accuracy = Math.min(1, final + 0.05 * normal(roll));
      return {
        name: `client-${String(client + 1).padStart(2, "0")}`,
        examples: 40,
        metrics: { accuracy },
      };
    }),
  };
}

/** What of the sample is changed. */
export interface SampleStyle {
  readonly name?: string;
  readonly epsilons?: readonly number[];
  readonly seeds?: readonly number[];
  readonly methods?: number;
  /** Index of a cell that fails. */
  readonly failed?: number;
}

/** The sample experiment. */
export function sampleResult(style: SampleStyle = {}): ExperimentResult {
  const { name = "methods-under-privacy", epsilons = [3, 6], seeds = [1, 2, 3] } = style;
  const used = shapes.slice(0, style.methods ?? shapes.length);
  const experiment = experimentSchema.parse({
    name,
    description:
      "Which method keeps most accuracy under differential privacy, and what does it cost?",
    base: { task: { kind: "sequence-classification" }, rounds: { numRounds: rounds } },
    grid: { "method.name": used.map((shape) => shape.name), "privacy.epsilon": [...epsilons] },
    seeds: [...seeds],
    report: { targets: [0.7, 0.8] },
  });
  const cells = used
    .flatMap((shape) =>
      epsilons.flatMap((epsilon) => seeds.map((seed) => cellOf(shape, epsilon, seed))),
    )
    .map((cell, at): CellResult => (at === style.failed ? failedOf(cell) : cell));
  return {
    experiment,
    version: "0.1.0",
    command: `fedtune simulate ${name}.yaml`,
    engine: "wasm, own kernels, 1 thread",
    cells,
  };
}

const failedOf = (cell: CellResult): CellResult => ({
  ...cell,
  status: "failed",
  failure: {
    code: "not-enough-clients",
    message: "Cannot open round 7: 3 clients are here, wanted 8",
  },
  adapterHash: null,
  rows: cell.rows.slice(0, 7),
  clients: [],
});
