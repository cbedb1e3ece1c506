import { sparkFigure, type ColourToken, type Range } from "@fedtune/figures";
import { useMemo } from "react";
import { SceneView } from "./scene-view.tsx";

/** A sparkline; with a label it is an image, without one decoration beside the number that it belongs to. */
export interface SparkProps {
  /** Place and value, ascending; null: a gap. */
  readonly points: readonly (readonly [x: number, value: number | null])[];
  /** Default: the first series' colour. */
  readonly colour?: ColourToken;
  /** The range that fills the height; absent: that of the values. */
  readonly range?: Range | undefined;
  /** Default 96 by 28 px. */
  readonly width?: number | undefined;
  readonly height?: number | undefined;
  readonly label?: string | undefined;
}

/** A curve the size of a word, with a dot on its last value. */
export function Spark({ points, colour = "s1", range, width, height, label }: SparkProps) {
  const scene = useMemo(() => {
    const x = points.map(([at]) => at);
    const values = points.map(([, value]) => value ?? NaN);
    return sparkFigure({ x, values, colour, range, width, height });
  }, [points, colour, range, width, height]);
  return <SceneView scene={scene} label={label} />;
}
