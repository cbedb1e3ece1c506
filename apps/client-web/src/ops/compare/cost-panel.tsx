import { seriesStyle } from "@fedtune/figures";
import type { BarChart } from "@fedtune/figures";
import { useEffect, useMemo, useState } from "react";
import { Bars } from "../../chart/bars.tsx";
import { Card } from "../../ui/card.tsx";
import { NumberField } from "../../ui/number-field.tsx";
import { axes } from "../run/model/axes.ts";
import type { AxisName } from "../run/model/axes.ts";
import type { CompareParts } from "./compare-page.tsx";
import { costsToReach } from "./model/cost-to-reach.ts";
import type { ReachCost } from "./model/cost-to-reach.ts";
import { metricLooks } from "./model/metrics.ts";
import { words } from "./words.ts";
import styles from "./compare.module.css";

/** In which order costs stand. */
const order: readonly AxisName[] = ["bytes", "epsilon", "rounds", "time"];

/** What each has cost when it first reached a target that can be changed. */
export function CostPanel(parts: CompareParts) {
  const { groups, view, placeOf } = parts;
  const { metric, target } = view;
  const costs = useMemo(
    () => costsToReach(groups, { metric, value: target }),
    [groups, metric, target],
  );
  const shown = order.filter((axis) => costs.some(({ costs: own }) => own[axis] !== null));
  return (
    <Card title="Cost to reach" className={styles["costs"]} actions={<Target {...parts} />}>
      {shown.length === 0 ? (
        <p className={styles["quiet"]}>No run has reached it yet.</p>
      ) : (
        shown.map((axis) => (
          <section key={axis} className={styles["cost"]}>
            <h3 className={styles["costTitle"]}>{words.costs[axis]}</h3>
            <Bars chart={barsOf(costs, axis, placeOf)} />
          </section>
        ))
      )}
    </Card>
  );
}

function barsOf(
  costs: readonly ReachCost[],
  axis: AxisName,
  placeOf: CompareParts["placeOf"],
): BarChart {
  return {
    ...{ title: words.costs[axis], kind: axes[axis].kind },
    bars: costs.map(({ group, round, costs: own, rounds }) => {
      const bar = {
        label: group.label,
        value: own[axis],
        colour: seriesStyle(placeOf(group)).colour,
      };
      return round === null ? { ...bar, note: words.notReached(rounds) } : bar;
    }),
  };
}

/** How long typing may pause before the target is taken. */
const SETTLE_MS = 400;

function Target({ view, change }: CompareParts) {
  const { typed, unit } = metricLooks[view.metric];
  const shown = Number((view.target / typed).toPrecision(6));
  const [draft, setDraft] = useState<{ readonly of: number; readonly value: number | null } | null>(
    null,
  );
  const value = draft !== null && draft.of === shown ? draft.value : shown;
  useEffect(() => {
    const wanted = draft?.value ?? null;
    if (wanted === null || wanted <= 0 || wanted === shown) return;
    const timer = setTimeout(() => {
      change({ target: wanted * typed });
    }, SETTLE_MS);
    return () => {
      clearTimeout(timer);
    };
  }, [draft, shown, typed, change]);
  return (
    <NumberField
      label="Target"
      className={styles["target"]}
      {...{ value, unit, min: 0, step: 1 }}
      onChange={(next) => {
        setDraft({ of: shown, value: next });
      }}
    />
  );
}
