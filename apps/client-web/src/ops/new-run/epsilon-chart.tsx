import { useMemo } from "react";
import { Plot } from "../../chart/plot.tsx";
import type { EpsilonCost } from "./cost-rows.ts";
import { epsilonFigure } from "./epsilon-figure.ts";

/** What the run would spend of privacy. */
export interface EpsilonChartProps {
  readonly epsilon: EpsilonCost;
  readonly rounds: number;
}

const ready = { kind: "ready" } as const;
const nothing = (): void => undefined;

/** Epsilon after each round, with its limit; always all of it. */
export function EpsilonChart({ epsilon, rounds }: EpsilonChartProps) {
  const chart = useMemo(() => epsilonFigure(epsilon, rounds), [epsilon, rounds]);
  return (
    <Plot
      {...{ chart, height: 176, state: ready, isLive: false, range: null }}
      {...{ onRange: nothing, onZoom: nothing, onTable: nothing }}
    />
  );
}
