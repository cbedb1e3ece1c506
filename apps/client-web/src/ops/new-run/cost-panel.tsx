import { formatDelta, formatSignificant } from "@fedtune/figures";
import type { UseQueryResult } from "@tanstack/react-query";
import { RichText } from "../../ui/rich-text.tsx";
import { LoadError } from "../shell/load-error.tsx";
import { costRows } from "./cost-rows.ts";
import type { Cost, EpsilonCost, Estimate } from "./cost-rows.ts";
import { EpsilonChart } from "./epsilon-chart.tsx";
import { words } from "./words.ts";
import styles from "./cost-panel.module.css";

/** What the server has counted, or is counting. */
export type CountedCost = Pick<
  UseQueryResult<Estimate>,
  "data" | "error" | "isFetching" | "refetch"
>;

/** What the run would cost: bytes, memory, privacy after each round. */
export function CostPanel({ estimate }: { readonly estimate: CountedCost }) {
  const { data, error, isFetching, refetch } = estimate;
  const cost = data?.cost ?? null;
  return (
    <section className={styles["panel"]} aria-labelledby="cost-title" aria-busy={isFetching}>
      <h2 id="cost-title" className={styles["title"]}>
        {words.cost.title}
      </h2>
      {error === null ? null : (
        <LoadError title={words.cost.failed} error={error} onRetry={() => void refetch()} />
      )}
      {cost === null ? (
        <p className={styles["nothing"]}>
          {data === undefined ? words.cost.loading : words.cost.unknown}
        </p>
      ) : (
        <Figures cost={cost} />
      )}
    </section>
  );
}

function Figures({ cost }: { readonly cost: Cost }) {
  return (
    <>
      <dl className={styles["rows"]}>
        {costRows(cost).map(({ name, value, about }) => (
          <div key={name} className={styles["row"]} title={about}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      {cost.epsilon === null ? null : <Privacy epsilon={cost.epsilon} rounds={cost.rounds} />}
    </>
  );
}

function Privacy({ epsilon, rounds }: { readonly epsilon: EpsilonCost; readonly rounds: number }) {
  const { unit, noiseMultiplier, delta } = epsilon;
  return (
    <div className={styles["privacy"]}>
      <h3 className={styles["subtitle"]}>
        {words.cost.privacy} <span>{"\u03b5"}</span>
      </h3>
      <EpsilonChart epsilon={epsilon} rounds={rounds} />
      <p className={styles["foot"]}>
        {words.cost.privacyFoot(words.cost.units[unit], formatSignificant(noiseMultiplier))}; delta{" "}
        <RichText text={formatDelta(delta)} />
      </p>
    </div>
  );
}
