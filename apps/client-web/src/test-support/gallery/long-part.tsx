import { useMemo, useState } from "react";
import { Chart } from "../../chart/chart.tsx";
import { Button } from "../../ui/button.tsx";
import { longRun } from "./sample-charts.ts";

/** Five lines of 10,000 rounds, for measurements; each press adds a round. */
export function LongPart() {
  const [more, setMore] = useState(0);
  const whole = useMemo(() => longRun(), []);
  const chart = useMemo(
    () => ({
      ...whole,
      series: whole.series.map((series) => ({
        ...series,
        x: Array.from(series.x).slice(0, 9_900 + more),
        y: Array.from(series.y).slice(0, 9_900 + more),
      })),
    }),
    [whole, more],
  );
  return (
    <>
      <Button onClick={() => setMore(more + 1)}>Add a round</Button>
      <Chart chart={chart} height={280} isLive />
    </>
  );
}
