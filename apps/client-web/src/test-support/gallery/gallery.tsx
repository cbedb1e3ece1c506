import { ThemeSwitch } from "../../ui/theme-switch.tsx";
import { Mark } from "../../ui/mark.tsx";
import { SkipLink } from "../../ui/skip-link.tsx";
import { Crosshairs } from "../../chart/crosshair-store.tsx";
import { ChartsPart } from "./charts-part.tsx";
import { FormsPart } from "./forms-part.tsx";
import styles from "./gallery.module.css";
import { LongPart } from "./long-part.tsx";
import { StatesPart } from "./states-part.tsx";
import { TablesPart } from "./tables-part.tsx";

/** The page. */
export const Gallery = () => (
  <>
    <SkipLink to="content" />
    <header className={styles["top"]}>
      <Mark />
      <ThemeSwitch />
    </header>
    <main id="content" className={styles["main"]}>
      <h1 className={styles["title"]}>Building blocks</h1>
      {location.hash === "#long" ? <LongPart /> : <Parts />}
    </main>
  </>
);

const Parts = () => (
  <>
    <Crosshairs>
      <ChartsPart />
    </Crosshairs>
    <StatesPart />
    <FormsPart />
    <TablesPart />
  </>
);
