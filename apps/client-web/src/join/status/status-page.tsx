import type { ReactNode } from "react";
import { Lead, Page, PageTitle } from "../frame/page.tsx";
import styles from "./status-page.module.css";

/** A page with one message. */
export interface StatusPageProps {
  readonly state: string;
  readonly title: string;
  readonly text: string;
  /** One button. */
  readonly button?: ReactNode;
  /** For support. */
  readonly code?: string | null;
}

/** A page that says one thing: opening, unsupported, refused, not there. */
export const StatusPage = ({ state, title, text, button, code = null }: StatusPageProps) => (
  <Page state={state} run={null} step={null}>
    <PageTitle>{title}</PageTitle>
    <Lead>{text}</Lead>
    {button === undefined ? null : <div className={styles["button"]}>{button}</div>}
    {code === null ? null : <code className={styles["code"]}>{code}</code>}
  </Page>
);
