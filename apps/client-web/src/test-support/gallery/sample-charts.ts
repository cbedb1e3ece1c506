/** Charts of an imagined run. */
import {
  seriesByRound,
  seriesStyle,
  type Arrival,
  type ArrivalChart,
  type BarChart,
  type HeatChart,
  type LineChart,
} from "@fedtune/figures";

/** A number in [0, 1) that depends on its index alone. */
const wobble = (i: number): number => {
  const x = Math.sin(i * 12.9898) * 43758.5453;
  return x - Math.floor(x);
};

const rounds = (count: number): number[] => Array.from({ length: count }, (_, i) => i + 1);
const curve = (round: number, top: number): number =>
  top - (top - 0.33) * Math.exp(-round / 6) + 0.012 * (wobble(round) - 0.5);

/** Accuracy with its spread. */
export function accuracy(count = 27): LineChart {
  const clients = seriesByRound(rounds(count).map((r) => [r, curve(r, 0.83)]));
  const central = seriesByRound(rounds(count).map((r) => [r, curve(r + 0.3, 0.775)]));
  const spread = (sign: number) =>
    clients.y.map((y, i) => y + sign * (0.05 + 0.05 * Math.exp(-i / 8)));
  return {
    title: "Accuracy",
    subtitle: "% correct, each round",
    x: { kind: "round", name: "round" },
    y: { kind: "fraction", name: "accuracy", includes: [1] },
    better: "higher",
    bandName: "10th to 90th percentile",
    series: [
      {
        ...{ id: "clients", label: "Clients", ...clients, style: seriesStyle(0) },
        band: { low: spread(-1), high: spread(1) },
        n: clients.y.map(() => 31),
      },
      { id: "central", label: "Central", ...central, style: seriesStyle(1) },
    ],
    foot: "Band: 10th to 90th percentile of 31 clients, each on its own held-out rows. Client figures carry privacy noise of ±0.6 points. Not smoothed.",
  };
}

/** Loss with a gap, a lone value and one that is not finite. */
export function loss(scale: "linear" | "log"): LineChart {
  const values = rounds(27).map((r) => 0.5 + 1.9 * Math.exp(-r / 5) + 0.05 * wobble(r));
  const broken = values.map((value, i) => (i === 9 || i === 11 || i === 12 ? null : value));
  broken[18] = Infinity;
  const clients = seriesByRound(broken.map((value, i) => [i + 1, value]));
  const central = seriesByRound(values.map((value, i) => [i + 1, value * 1.1 + 0.02]));
  return {
    title: "Loss",
    subtitle: "cross-entropy, nats",
    x: { kind: "round", name: "round" },
    y: { kind: "loss", name: "loss", scale },
    better: "lower",
    series: [
      { id: "clients", label: "Clients", ...clients, style: seriesStyle(0) },
      { id: "central", label: "Central", ...central, style: seriesStyle(1) },
    ],
    foot: "Clients: mean over the round's accepted updates, with privacy noise of ±0.02. Not smoothed.",
  };
}

/** Bytes against dense LoRA. */
export function bytes(): LineChart {
  const sum = (each: number) => seriesByRound(rounds(27).map((r) => [r, 16 * each * r]));
  return {
    title: "Uploaded, all clients",
    subtitle: "MB",
    x: { kind: "round", name: "round" },
    y: { kind: "bytes", name: "bytes" },
    series: [
      {
        ...{ id: "dense", label: "Dense", ...sum(313_536) },
        style: { colour: "ink-3", dash: [3, 4], width: 1.5 },
      },
      { id: "sent", label: "Sent", ...sum(147_552), style: { ...seriesStyle(5), dash: [] } },
    ],
    foot: "Bytes that travelled, headers included. Down: 71.7 MB.",
  };
}

/** Privacy spent, projected, limited. */
export function privacy(): LineChart {
  const epsilon = (r: number): number => 0.78 + 0.31 * Math.sqrt(r);
  const style = { colour: "privacy", width: 2 } as const;
  const part = (from: number, to: number) =>
    seriesByRound(
      rounds(to)
        .slice(from - 1)
        .map((r) => [r, epsilon(r)]),
    );
  return {
    title: "Privacy spent",
    subtitle: ["ε at δ = 10", { raised: "−5" }],
    x: { kind: "round", name: "round", includes: [1, 40] },
    y: { kind: "epsilon", name: "epsilon" },
    series: [
      {
        ...{ id: "spent", label: "Spent", ...part(1, 27) },
        style: { ...style, dash: [] },
        endLabel: null,
      },
      {
        ...{ id: "projected", label: "Projected", ...part(27, 40) },
        ...{ style: { ...style, dash: [4, 4] }, endLabel: "2.75" },
      },
    ],
    rules: [{ y: 3, label: "limit 3.00", colour: "bad" }],
    marks: [{ x: 27, label: "now", side: "left", place: "bottom" }],
    foot: "Highest client, PLD upper bound. Dashed: if all remaining rounds run.",
  };
}

/** Four runs over what they cost. */
export function compare(): LineChart {
  const runs = [
    ["fedsa-lora", 147_552, 0.845],
    ["fedsvd", 165_984, 0.828],
    ["ffa-lora", 165_984, 0.805],
    ["fedavg (FedIT)", 313_536, 0.772],
  ] as const;
  return {
    title: "Accuracy against what it costs",
    subtitle: "% correct, mean over clients",
    x: { kind: "bytes", name: "sent per client" },
    y: { kind: "fraction", name: "accuracy", from: 0.45, to: 0.9 },
    better: "higher",
    bandName: "95 % interval over seeds",
    series: runs.map(([label, each, top], i) => {
      const y = Float64Array.from(rounds(40), (r) => curve(r, top));
      return {
        ...{ id: label, label, x: rounds(40).map((r) => r * each), y, style: seriesStyle(i) },
        band: { low: y.map((v) => v - 0.012), high: y.map((v) => v + 0.012) },
        n: y.map(() => 3),
      };
    }),
    rules: [{ y: 0.8, label: "target 80", colour: "ink-3" }],
    foot: "Line: mean of 3 seeds. Band: 95 % interval over seeds. Curves end where the run ended (40 rounds). Dashed rule: the target of 80 %. Not smoothed.",
  };
}

/** Aggregation error by layer. */
export function layers(count = 27): HeatChart {
  const rows = [5, 4, 3, 2, 1, 0].flatMap((layer) =>
    ["value", "query"].map((name, half) => ({
      label: `${layer} ${name}`,
      values: rounds(count).map((r) => {
        const size = (layer === 4 ? 3 : 1.1) * (half === 0 ? 3.2 : 1.3);
        const rise = Math.exp(-(((r / count) * 27 - 7) ** 2) / 160);
        return 1e-3 * size * (0.5 + 1.6 * rise) * (0.75 + 0.5 * wobble(r * 31 + layer * 7 + half));
      }),
    })),
  );
  return {
    title: count > 100 ? "Aggregation error, 1,000 rounds" : "Aggregation error by layer",
    subtitle: "relative distance from the mean of products",
    ...{ rows, firstRound: 1, total: { label: "Whole adapter now", value: 0.003_55 } },
  };
}

/** Bars for what it takes to reach a target. */
export const costToReach: BarChart = {
  title: "MB up per client until 80 %",
  kind: "bytes",
  bars: [
    { label: "fedsa-lora", value: 2_803_488, colour: "s1" },
    { label: "fedsvd", value: 3_651_648, colour: "s2" },
    { label: "ffa-lora", value: 6_639_360, colour: "s3" },
    { label: "fedavg", value: null, colour: "s4", note: "not reached in 40 rounds" },
  ],
};

/** Points with their intervals. */
export const finalAccuracy: BarChart = {
  title: "Accuracy after 40 rounds",
  ...{ kind: "fraction", form: "points" },
  bars: [
    { label: "fedsa-lora", value: 0.844, low: 0.829, high: 0.859, colour: "s1" },
    { label: "fedsvd", value: 0.827, low: 0.815, high: 0.839, colour: "s2" },
    { label: "ffa-lora", value: 0.804, low: 0.785, high: 0.823, colour: "s3" },
    { label: "fedavg", value: 0.771, low: 0.745, high: 0.797, colour: "s4" },
  ],
  rule: { value: 0.8, label: "target 80", colour: "ink-3" },
};

const at = (seconds: readonly number[], outcome: Arrival["outcome"]): Arrival[] =>
  seconds.map((s) => ({ atMs: 1000 * s, outcome }));

/** A round of eighteen. */
export const arrivals: ArrivalChart = {
  ...{ deadlineMs: 360_000, nowMs: 258_000, quorumMs: 284_000 },
  arrivals: [
    ...at([19, 38, 52, 57, 64, 70, 82, 86, 125, 168], "accepted"),
    ...at([130], "refused"),
    ...at([262, 284, 289, 301, 275, 318], "expected"),
  ],
};

/** A round of six hundred. */
export const crowd: ArrivalChart = {
  ...{ deadlineMs: 360_000, nowMs: 240_000, quorumMs: 250_000 },
  arrivals: [
    ...at(
      rounds(400).map((i) => 30 + 200 * wobble(i) ** 2),
      "accepted",
    ),
    ...at(
      rounds(20).map((i) => 60 + 150 * wobble(i + 900)),
      "refused",
    ),
    ...at(
      rounds(180).map((i) => 240 + 110 * wobble(i + 500) ** 2),
      "expected",
    ),
  ],
};

/** Ten thousand rounds of five runs. */
export const longRun = (): LineChart => ({
  ...compare(),
  title: "Loss of five long runs",
  subtitle: "nats",
  x: { kind: "round", name: "round" },
  y: { kind: "loss", name: "loss" },
  rules: [],
  series: rounds(5).map((k) => {
    const y = Float64Array.from({ length: 10_000 }, (_, i) => {
      return 0.3 * k + 1.5 * Math.exp(-i / 2500) + 0.3 * wobble(i * 5 + k);
    });
    const x = Float64Array.from({ length: 10_000 }, (_, i) => i + 1);
    return { id: `run-${k}`, label: `run ${k}`, x, y, style: seriesStyle(k - 1) };
  }),
  foot: "Each round, 10,000 of them. Not smoothed.",
});
