/**
 * Figures of an imagined run for tests and the gallery, sized as a real one is: all-MiniLM-L6-v2, LoRA rank 8 on query and
 * value of 6 layers, FedSA-LoRA, 147,552 bytes up per client and round against 313,536 of dense LoRA.
 */
import { seriesByRound, type LineChart } from "../chart/model.ts";
import type { HeatChart } from "../chart/heat.ts";
import { seriesStyle } from "../palette.ts";

/** A number in [0, 1) that depends on its index alone. */
const wobble = (i: number): number => {
  const x = Math.sin(i * 12.9898) * 43758.5453;
  return x - Math.floor(x);
};

const rounds = (count: number): number[] => Array.from({ length: count }, (_, i) => i + 1);
const curve = (round: number, top: number): number =>
  top - (top - 0.33) * Math.exp(-round / 6) + 0.012 * (wobble(round) - 0.5);

/** Accuracy of clients with their spread, and of the central evaluation. */
export function sampleAccuracy(count = 27): LineChart {
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
    foot: "Band: 10th to 90th percentile of 31 clients, each on its own held-out rows. Not smoothed.",
  };
}

/** Loss with a gap, a lone value between gaps and a value that is not finite. */
export function sampleLoss(): LineChart {
  const values = rounds(27).map((r) => 0.5 + 1.9 * Math.exp(-r / 5) + 0.05 * wobble(r));
  const broken = values.map((value, i) => (i === 9 || i === 11 || i === 12 ? NaN : value));
  broken[18] = Infinity;
  const clients = seriesByRound(broken.map((value, i) => [i + 1, value]));
  const central = seriesByRound(values.map((value, i) => [i + 1, value * 1.1 + 0.02]));
  return {
    title: "Loss",
    subtitle: "cross-entropy, nats",
    x: { kind: "round", name: "round" },
    y: { kind: "loss", name: "loss" },
    better: "lower",
    series: [
      { id: "clients", label: "Clients", ...clients, style: seriesStyle(0) },
      { id: "central", label: "Central", ...central, style: seriesStyle(1) },
    ],
    foot: "Clients: mean over the round's accepted updates, with privacy noise of ±0.02. Not smoothed.",
  };
}

/** Bytes that travelled against dense LoRA. */
export function sampleBytes(): LineChart {
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

/** Privacy spent, its projection and its limit. */
export function samplePrivacy(): LineChart {
  const epsilon = (r: number): number => 0.78 + 0.36 * Math.sqrt(r) * 0.86;
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
        id: "spent",
        label: "Spent",
        ...part(1, 27),
        style: { ...style, dash: [] },
        endLabel: null,
      },
      { id: "projected", label: "Projected", ...part(27, 40), style: { ...style, dash: [4, 4] } },
    ],
    rules: [{ y: 3, label: "limit 3.00", colour: "bad" }],
    marks: [{ x: 27, label: "now", side: "left", place: "bottom" }],
    foot: "Highest client, PLD upper bound. Dashed: if all remaining rounds run.",
  };
}

/** Four runs over the bytes that they cost, ending where each of them ended. */
export function sampleCompare(): LineChart {
  const runs = [
    ["fedsa-lora", 147_552, 0.845],
    ["fedsvd", 165_984, 0.828],
    ["ffa-lora", 165_984, 0.805],
    ["fedavg (FedIT), dense baseline", 313_536, 0.772],
  ] as const;
  return {
    title: "Accuracy against what it costs",
    subtitle: "% correct, mean over clients",
    x: { kind: "bytes", name: "sent per client" },
    y: { kind: "fraction", name: "accuracy", from: 0.45, to: 0.9 },
    better: "higher",
    bandName: "95 % interval over seeds",
    series: runs.map(([label, bytes, top], i) => {
      const y = Float64Array.from(rounds(40), (r) => curve(r, top));
      return {
        ...{ id: label, label, x: rounds(40).map((r) => r * bytes), y, style: seriesStyle(i) },
        band: { low: y.map((v) => v - 0.012), high: y.map((v) => v + 0.012) },
        n: y.map(() => 3),
      };
    }),
    rules: [{ y: 0.8, label: "target 80", colour: "ink-3" }],
    foot: "Line: mean of 3 seeds. Band: 95 % interval over seeds. Curves end where the run ended (40 rounds). Not smoothed.",
  };
}

/** Relative aggregation error by layer; `count` rounds. */
export function sampleLayers(count = 27): HeatChart {
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
    title: "Aggregation error by layer",
    subtitle: "relative distance from the mean of products",
    rows,
    firstRound: 1,
    total: { label: "Whole adapter now", value: 0.003_55 },
  };
}
