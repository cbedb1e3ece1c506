import {
  placeText,
  readAt,
  type LineChart,
  type LineFigure,
  type ReadValue,
} from "@fedtune/figures";
import { RichText } from "../ui/rich-text.tsx";
import { useCrosshair, type CrosshairStore } from "./crosshair-store.tsx";
import styles from "./crosshair.module.css";

/** The crosshair of one chart. */
export interface CrosshairProps {
  readonly chart: LineChart;
  readonly figure: LineFigure;
  readonly store: CrosshairStore;
  /** This chart among those of the page. */
  readonly owner: string;
  /** The series that the keyboard is on; null: all. */
  readonly seriesId: string | null;
}

/** Which axis a chart follows. */
export const axisOf = ({ x }: LineChart): string => `${x.kind} ${x.name}`;

/** A line at the place, a dot on each series, and in the chart that is pointed at the values. */
export function Crosshair({ chart, figure, store, owner, seriesId }: CrosshairProps) {
  const place = useCrosshair(store);
  if (place?.axis !== axisOf(chart)) return null;
  const { plot, x, y, width, height } = figure;
  const at = x.toPx(place.x);
  if (at < plot.x - 1 || at > plot.x + plot.width + 1) return null;
  const values = readAt(chart, place.x);
  const isOwner = place.owner === owner;
  return (
    <>
      <svg {...{ width, height }} className={styles["layer"]} aria-hidden>
        <line x1={at} x2={at} y1={plot.y} y2={plot.y + plot.height} className={styles["line"]} />
        {values.map(({ series, index }) => {
          const value = series.y[index] ?? NaN;
          if (!Number.isFinite(value) || (y.isLog && value <= 0)) return null;
          const isDim = seriesId !== null && series.id !== seriesId;
          const [cy, r] = [y.toPx(value), isDim ? 3 : 4.5];
          if (cy < plot.y - 4 || cy > plot.y + plot.height + 4) return null;
          return (
            <circle
              key={series.id}
              cx={at}
              {...{ cy, r }}
              className={styles["dot"]}
              fill={`var(--${series.style.colour})`}
            />
          );
        })}
      </svg>
      {isOwner ? (
        <Values
          title={placeText(chart, place.x)}
          values={values}
          at={at}
          width={width}
          seriesId={seriesId}
        />
      ) : null}
    </>
  );
}

interface ValuesProps {
  readonly title: string;
  readonly values: readonly ReadValue[];
  readonly at: number;
  readonly width: number;
  readonly seriesId: string | null;
}

/** More rows than this would cover the chart. */
const mostRows = 12;

/** The values, in the order of the lines from the top. */
function Values({ title, values, at, width, seriesId }: ValuesProps) {
  const sorted = [...values].sort((a, b) => valueOf(b) - valueOf(a));
  const shown = sorted.slice(0, mostRows);
  const side = at < width / 2 ? { left: at + 14 } : { right: width - at + 14 };
  return (
    <div className={styles["values"]} style={side} aria-hidden>
      <p className={styles["title"]}>{title}</p>
      {shown.length === 0 ? <p>no value</p> : null}
      {shown.map(({ series, text, detail }) => (
        <p
          key={series.id}
          className={styles["row"]}
          data-dim={(seriesId !== null && series.id !== seriesId) || undefined}
        >
          <span
            className={styles["swatch"]}
            style={{ background: `var(--${series.style.colour})` }}
          />
          <span className={styles["name"]}>{series.label}</span>
          <span className={styles["value"]}>
            <RichText text={text} />
          </span>
          {detail === "" ? null : <span className={styles["detail"]}>{detail}</span>}
        </p>
      ))}
      {sorted.length > mostRows ? (
        <p className={styles["detail"]}>and {sorted.length - mostRows} more</p>
      ) : null}
    </div>
  );
}

const valueOf = ({ series, index }: ReadValue): number => series.y[index] ?? NaN;
