import { useQuery } from "@tanstack/react-query";
import { Redirect } from "wouter";
import { useApi } from "../api/context.tsx";
import { wantedPath } from "../api/return-path.ts";
import { meQuery } from "../api/session.ts";
import { Mark } from "../../ui/mark.tsx";
import { ThemeSwitch } from "../../ui/theme-switch.tsx";
import { PageHead } from "../shell/page-head.tsx";
import { FirstAccountForm } from "./first-account-form.tsx";
import { SignInForm } from "./sign-in-form.tsx";
import { words } from "./words.ts";
import styles from "./sign-in-page.module.css";

/** Where operators sign in, and where the first of them gets an account. */
export function SignInPage() {
  const api = useApi();
  const me = useQuery(meQuery(api));
  const setup = useQuery({
    queryKey: ["setup"],
    queryFn: ({ signal }) => api.getSetup({ signal }),
    retry: false,
  });
  if (me.data !== null && me.data !== undefined)
    return <Redirect to={wantedPath(location.search)} replace />;
  const isFirst = setup.data?.isNeeded === true;
  return (
    <div className={styles["page"]}>
      <header className={styles["top"]}>
        <Mark />
        <ThemeSwitch />
      </header>
      <main className={styles["main"]}>
        <PageHead title={isFirst ? words.first.title : words.title} />
        <p className={styles["lead"]}>{isFirst ? words.first.lead : words.lead}</p>
        {isFirst ? <FirstAccountForm /> : <SignInForm />}
        <p className={styles["others"]}>
          {words.holders} <a href="/join">{words.join}</a>
        </p>
      </main>
    </div>
  );
}
