import { Tabs as Base } from "@base-ui/react/tabs";
import type { ReactNode } from "react";
import { Link } from "wouter";
import styles from "./tabs.module.css";

/** A tab that is an address of its own. */
export interface TabLink {
  readonly href: string;
  readonly label: ReactNode;
  /** How many there are behind it, formatted. */
  readonly count?: ReactNode;
}

/** The views of one thing, each with its address. */
export interface TabLinksProps {
  /** What they are views of ("Views of this run"). */
  readonly label: string;
  readonly tabs: readonly TabLink[];
  /** The `href` of the one that is shown. */
  readonly current: string;
}

/** Tabs as links: for views that have an address. */
export const TabLinks = ({ label, tabs, current }: TabLinksProps) => (
  <nav aria-label={label} className={styles["tabs"]}>
    {tabs.map((tab) => (
      <Link
        key={tab.href}
        href={tab.href}
        className={styles["tab"]}
        aria-current={tab.href === current ? "page" : undefined}
      >
        {tab.label}
        {tab.count === undefined ? null : <span className={styles["count"]}>{tab.count}</span>}
      </Link>
    ))}
  </nav>
);

/** A tab with its panel. */
export interface Tab<Value extends string> {
  readonly value: Value;
  readonly label: ReactNode;
  readonly count?: ReactNode;
  readonly panel: ReactNode;
}

/** Panels of which one is seen. */
export interface TabsProps<Value extends string> {
  readonly label: string;
  readonly value: Value;
  readonly tabs: readonly Tab<Value>[];
  readonly onChange: (value: Value) => void;
}

/** Tabs inside of a card or a dialog, without an address. */
export function Tabs<Value extends string>({ label, value, tabs, onChange }: TabsProps<Value>) {
  return (
    <Base.Root value={value} onValueChange={(next: Value) => onChange(next)}>
      <Base.List aria-label={label} className={styles["tabs"]}>
        {tabs.map((tab) => (
          <Base.Tab key={tab.value} value={tab.value} className={styles["tab"]}>
            {tab.label}
            {tab.count === undefined ? null : <span className={styles["count"]}>{tab.count}</span>}
          </Base.Tab>
        ))}
      </Base.List>
      {tabs.map((tab) => (
        <Base.Panel key={tab.value} value={tab.value} className={styles["panel"]}>
          {tab.panel}
        </Base.Panel>
      ))}
    </Base.Root>
  );
}
