import { seriesStyle } from "@fedtune/figures";

/** A group's place in the palette. */
export interface LineKeyProps {
  readonly place: number;
}

/** How a group's line looks: colour and dash. */
export function LineKey({ place }: LineKeyProps) {
  const { colour, dash } = seriesStyle(place);
  return (
    <svg width="26" height="10" aria-hidden>
      <line
        x1="0"
        x2="26"
        y1="5"
        y2="5"
        strokeWidth="2.5"
        strokeDasharray={dash.join(" ")}
        style={{ stroke: `var(--${colour})` }}
      />
    </svg>
  );
}
