import { powerOfTen, joinTexts } from "@fedtune/figures";
import { ShieldCheck } from "lucide-react";
import { useMemo, useState } from "react";
import { ArrivalAxis } from "../../chart/arrival-axis.tsx";
import { Bars } from "../../chart/bars.tsx";
import { Chart } from "../../chart/chart.tsx";
import { HeatMap } from "../../chart/heat-map.tsx";
import { Spark } from "../../chart/spark.tsx";
import { Card } from "../../ui/card.tsx";
import { Figure } from "../../ui/figure.tsx";
import { Meter } from "../../ui/meter.tsx";
import { RichText } from "../../ui/rich-text.tsx";
import { Segmented } from "../../ui/segmented.tsx";
import styles from "./gallery.module.css";
import * as sample from "./sample-charts.ts";

const provenance = {
  run: "message-triage",
  configHash: "b41f7e0a5c3d2b1f09a8e7d6c5b4a39281706f5e4d3c2b1a0f9e8d7c6b5a09c2",
  at: "2026-11-20T13:06:18Z",
};

function Figures() {
  const points = useMemo(() => {
    const [{ x, y } = { x: [], y: [] }] = sample.accuracy().series;
    return Array.from(x, (round, i) => [round, y[i] ?? null] as const);
  }, []);
  return (
    <div className={styles["grid"]}>
      <div className={styles["c3"]}>
        <Figure
          label="Accuracy, mean over clients"
          value="82.2"
          unit="%"
          detail="+1.2 points since round 22; central 77.1 %"
        >
          <Spark points={points} />
        </Figure>
      </div>
      <div className={styles["c3"]}>
        <Figure
          label="Privacy spent, highest client"
          icon={ShieldCheck}
          tone="privacy"
          value="2.37"
          unit="of ε 3.00"
          detail={<RichText text={joinTexts("2.75 projected at round 40, δ = ", powerOfTen(-5))} />}
        >
          <div style={{ width: 72 }}>
            <Meter
              label="Privacy spent"
              value={2.37}
              planned={0.38}
              max={3}
              valueText="2.37 of 3.00"
              tone="privacy"
            />
          </div>
        </Figure>
      </div>
      <div className={styles["c3"]}>
        <Figure
          label="Time left"
          value="about 52"
          unit="min"
          detail="2 h 20 min so far; median round 3:58"
        />
      </div>
      <div className={styles["c3"]}>
        <Figure label="Aggregation error" value="–" detail="after round 1" />
      </div>
    </div>
  );
}

/** All charts. */
export function ChartsPart() {
  const [scale, setScale] = useState<"linear" | "log">("linear");
  const charts = useMemo(
    () => ({
      accuracy: sample.accuracy(),
      bytes: sample.bytes(),
      privacy: sample.privacy(),
      compare: sample.compare(),
      layers: sample.layers(),
      many: sample.layers(1000),
    }),
    [],
  );
  const loss = useMemo(() => sample.loss(scale), [scale]);
  return (
    <>
      <Figures />
      <div className={styles["grid"]}>
        <Chart className={styles["c6"]} chart={charts.accuracy} provenance={provenance} isLive />
        <Chart
          className={styles["c6"]}
          chart={loss}
          provenance={{ ...provenance, isSimulation: true }}
          actions={
            <Segmented
              label="Scale"
              size="small"
              value={scale}
              onChange={setScale}
              options={[
                { value: "linear", label: "linear" },
                { value: "log", label: "log" },
              ]}
            />
          }
        />
        <HeatMap className={styles["c6"]} chart={charts.layers} provenance={provenance} />
        <Chart className={styles["c3"]} chart={charts.bytes} height={222} kind="plain" />
        <Chart className={styles["c3"]} chart={charts.privacy} height={206} />
        <Chart
          className={styles["c8"]}
          chart={charts.compare}
          height={336}
          provenance={provenance}
        />
        <Card className={styles["c4"]} title="Cost to reach 80 %">
          <Bars chart={sample.costToReach} />
          <Bars chart={sample.finalAccuracy} />
        </Card>
        <HeatMap className={styles["c8"]} chart={charts.many} />
        <Card className={styles["c4"]} title="Arrivals">
          <ArrivalAxis chart={sample.arrivals} />
          <ArrivalAxis chart={sample.crowd} />
        </Card>
        <Chart
          className={styles["c3"]}
          chart={charts.accuracy}
          height={150}
          state={{ kind: "before", text: "First value after round 1, expected 14:09" }}
        />
        <Chart
          className={styles["c3"]}
          chart={charts.accuracy}
          height={150}
          state={{
            kind: "error",
            text: "Could not load the accuracy. The server answered 503 at 14:06:18.",
            onRetry: () => undefined,
          }}
        />
        <HeatMap
          className={styles["c3"]}
          chart={{ ...charts.layers, rows: charts.layers.rows.slice(0, 6) }}
          state={{
            kind: "empty",
            text: "This method has no aggregation error: its mean is exact.",
          }}
        />
        <Chart
          className={styles["c3"]}
          chart={{ ...charts.accuracy, title: "Loss of clients" }}
          height={150}
          state={{
            kind: "withheld",
            text: "Withheld: exact client losses would leak.",
            why: "A loss is computed from a client's rows. Without noise it tells about single rows.",
          }}
        />
        <Chart
          className={styles["c3"]}
          chart={{ ...charts.accuracy, title: "Loading" }}
          height={150}
          state={{ kind: "loading" }}
        />
      </div>
    </>
  );
}
