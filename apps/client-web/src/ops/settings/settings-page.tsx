import { apiBase } from "@fedtune/api";
import { formatCount } from "@fedtune/figures";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useApi } from "../api/context.tsx";
import { serverQuery } from "../api/queries.ts";
import { useMe } from "../api/session.ts";
import { chooseTheme, themeChoice } from "../../design/theme.ts";
import { Card } from "../../ui/card.tsx";
import { Segmented } from "../../ui/segmented.tsx";
import { LoadError } from "../shell/load-error.tsx";
import { nameOf } from "../shell/navigation.ts";
import { PageHead } from "../shell/page-head.tsx";
import { PasswordFields } from "./password-fields.tsx";
import { words } from "./words.ts";
import styles from "./settings.module.css";

/** The own account, the theme, the server. */
export function SettingsPage() {
  return (
    <>
      <PageHead title={words.title} />
      <div className={styles["cards"]}>
        <Account />
        <Appearance />
        <Server />
      </div>
    </>
  );
}

function Account() {
  const me = useMe();
  return (
    <Card title={words.account.title} size="large">
      <dl className={styles["facts"]}>
        <dt>{words.account.name}</dt>
        <dd>{nameOf(me)}</dd>
        <dt>{words.account.scopes}</dt>
        <dd>
          <code>{me?.scopes.join(", ")}</code>
        </dd>
      </dl>
      <h3 className={styles["subtitle"]}>{words.account.password}</h3>
      {me?.kind === "token" ? <p>{words.account.token}</p> : <PasswordFields />}
    </Card>
  );
}

const themes = (["system", "light", "dark"] as const).map((value) => ({
  ...{ value, label: words.theme[value] },
}));

function Appearance() {
  const [theme, setTheme] = useState(themeChoice);
  return (
    <Card title={words.theme.title} size="large">
      <Segmented
        label={words.theme.label}
        value={theme}
        options={themes}
        onChange={(choice) => {
          setTheme(choice);
          chooseTheme(choice);
        }}
      />
      <p className={styles["about"]}>{words.theme.about}</p>
    </Card>
  );
}

function Server() {
  const { data, error, refetch } = useQuery(serverQuery(useApi()));
  return (
    <Card title={words.server.title} size="large">
      {error === null ? null : (
        <LoadError title={words.server.failed} error={error} onRetry={() => void refetch()} />
      )}
      <dl className={styles["facts"]}>
        <dt>{words.server.address}</dt>
        <dd>{location.host}</dd>
        {data === undefined ? null : (
          <>
            <dt>{words.server.version}</dt>
            <dd>{data.version}</dd>
            <dt>{words.server.methods}</dt>
            <dd>{formatCount(data.methods.length)}</dd>
            <dt>{words.server.kinds}</dt>
            <dd>{data.kinds.map(({ title }) => title).join(", ")}</dd>
            <dt>{words.server.presets}</dt>
            <dd>{data.presets.map(({ title }) => title).join(", ")}</dd>
          </>
        )}
        <dt>{words.server.api}</dt>
        <dd>
          <a href={`${apiBase}/docs`}>{words.server.apiText}</a>
        </dd>
      </dl>
    </Card>
  );
}
