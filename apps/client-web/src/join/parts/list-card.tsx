import type { ReactNode } from "react";
import { Card } from "../../ui/card.tsx";
import styles from "./list-card.module.css";

/** A card with rows. */
export interface ListCardProps {
  readonly title: ReactNode;
  readonly actions?: ReactNode;
  readonly children: ReactNode;
}

/** A card whose rows reach its edges; its title stands where those of other cards do. */
export const ListCard = ({ title, actions, children }: ListCardProps) => (
  <Card title={title} actions={actions} size="large" padding="bare" className={styles["card"]}>
    {children}
  </Card>
);
