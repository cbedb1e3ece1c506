import { PageHead } from "../shell/page-head.tsx";
import { Operators } from "./operators.tsx";
import { Tokens } from "./tokens.tsx";
import { words } from "./words.ts";
import styles from "./people.module.css";

/** Who and what may use this server. */
export function PeoplePage() {
  return (
    <>
      <PageHead title={words.title} />
      <div className={styles["cards"]}>
        <Operators />
        <Tokens />
      </div>
    </>
  );
}
