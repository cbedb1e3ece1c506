import type { ReactNode } from "react";
import { Button } from "../../ui/button.tsx";
import { Card } from "../../ui/card.tsx";
import type { Icon } from "../../ui/icon.ts";
import { LoadError } from "../shell/load-error.tsx";
import styles from "./people.module.css";

/** A list in a card. */
export interface ListCardProps {
  readonly title: string;
  readonly about: string;
  /** On the button that adds to it. */
  readonly add: string;
  readonly icon: Icon;
  readonly onAdd: () => void;
  /** What is said where the list could not be read. */
  readonly failed: string;
  readonly error: Error | null;
  readonly onRetry: () => void;
  readonly children: ReactNode;
}

/** A card around a list that can be added to. */
export function ListCard(props: ListCardProps) {
  const { title, about, add, icon, onAdd, failed, error, onRetry, children } = props;
  const button = (
    <Button size="small" icon={icon} onClick={onAdd}>
      {add}
    </Button>
  );
  return (
    <Card title={title} subtitle={about} padding="bare" actions={button}>
      {error === null ? null : (
        <div className={styles["note"]}>
          <LoadError title={failed} error={error} onRetry={onRetry} />
        </div>
      )}
      {children}
    </Card>
  );
}
