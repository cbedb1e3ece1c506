import {
  raise,
  textParts,
  type ColourToken,
  type Scene,
  type Shape,
  type Stroke,
} from "@fedtune/figures";
import { memo } from "react";
import styles from "./scene-view.module.css";

/** A drawing and its size. */
export interface SceneViewProps {
  readonly scene: Scene;
  /** What it says, where nothing around it does; without it the drawing is decoration. */
  readonly label?: string | undefined;
  /** Scales with its place instead of keeping its px. */
  readonly isFluid?: boolean;
}

const paintOf = (token: ColourToken): string => `var(--${token})`;

const strokeOf = (stroke: Stroke | undefined) =>
  stroke === undefined
    ? {}
    : {
        stroke: paintOf(stroke.colour),
        strokeWidth: stroke.width,
        strokeDasharray: stroke.dash?.length ? stroke.dash.join(" ") : undefined,
      };

/** A drawing as SVG elements whose colours are the page's tokens, so that they follow the theme by themselves. */
export const SceneView = memo(function SceneView({
  scene,
  label,
  isFluid = false,
}: SceneViewProps) {
  const { width, height, shapes } = scene;
  const size = isFluid ? { width: "100%" } : { width, height };
  return (
    <svg
      {...size}
      viewBox={`0 0 ${width} ${height}`}
      className={styles["scene"]}
      {...(label === undefined ? { "aria-hidden": true } : { role: "img", "aria-label": label })}
    >
      <Shapes shapes={shapes} />
    </svg>
  );
});

/** Shapes of one drawing have no identity but their order. */
const Shapes = ({ shapes }: { readonly shapes: readonly Shape[] }) =>
  shapes.map((shape, index) => <ShapeView key={index} shape={shape} />);

function ShapeView({ shape }: { readonly shape: Shape }) {
  switch (shape.type) {
    case "group":
      return (
        <g transform={`translate(${shape.x} ${shape.y})`}>
          <Shapes shapes={shape.shapes} />
        </g>
      );
    case "clip": {
      const { x, y, width, height } = shape.box;
      return (
        <svg x={x} y={y} width={width} height={height} viewBox={`${x} ${y} ${width} ${height}`}>
          <Shapes shapes={shape.shapes} />
        </svg>
      );
    }
    case "text":
      return <TextView shape={shape} />;
    case "path":
    case "rect":
    case "circle": {
      const { fill, stroke, opacity } = shape;
      const paint = {
        fill: fill === undefined ? "none" : paintOf(fill),
        opacity,
        ...strokeOf(stroke),
      };
      if (shape.type === "path") return <path d={shape.d} {...paint} />;
      if (shape.type === "circle")
        return <circle cx={shape.cx} cy={shape.cy} r={shape.r} {...paint} />;
      const { x, y, width, height, radius } = shape;
      return <rect {...{ x, y, width, height }} rx={radius} {...paint} />;
    }
  }
}

function TextView({ shape }: { readonly shape: Extract<Shape, { type: "text" }> }) {
  const { x, y, text, fill, size = 12, weight, anchor } = shape;
  return (
    <text
      {...{ x, y }}
      fill={paintOf(fill)}
      fontSize={size}
      fontWeight={weight}
      textAnchor={anchor === "start" ? undefined : anchor}
    >
      {textParts(text).map((part, index, parts) => {
        const before = parts[index - 1];
        const down = before !== undefined && typeof before !== "string" ? raise.by * size : 0;
        return typeof part === "string" ? (
          <tspan key={index} dy={down || undefined}>
            {part}
          </tspan>
        ) : (
          <tspan key={index} dy={down - raise.by * size} fontSize={size * raise.size}>
            {part.raised}
          </tspan>
        );
      })}
    </text>
  );
}
