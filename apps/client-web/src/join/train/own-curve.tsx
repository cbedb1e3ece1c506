import { RichText } from "../../ui/rich-text.tsx";
import { Plot } from "../../chart/plot.tsx";
import { Card } from "../../ui/card.tsx";
import type { CurveView } from "../model/curve.ts";
import { trainWords } from "../words/train.ts";
import styles from "./own-curve.module.css";

/** How good this device's own model is, round by round. */
export const OwnCurve = ({ curve: { chart, empty } }: { readonly curve: CurveView }) => (
  <Card title={chart.title} subtitle={trainWords.curveUnit} size="large">
    <Plot
      chart={chart}
      height={200}
      isLive
      range={null}
      state={empty === null ? { kind: "ready" } : { kind: "before", text: empty }}
      onRange={ignore}
      onZoom={ignore}
      onTable={ignore}
    />
    <p className={styles["foot"]}>
      <RichText text={chart.foot} />
    </p>
  </Card>
);

/** A curve of some forty rounds is looked at as a whole. */
const ignore = (): void => undefined;
