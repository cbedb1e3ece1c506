import { useCallback, useEffect, useState } from "react";
import { useLocation } from "wouter";
import { useHistoryState } from "wouter/use-browser-location";
import { Button, LinkButton } from "../../ui/button.tsx";
import { Card } from "../../ui/card.tsx";
import { ErrorNote } from "../../ui/error-note.tsx";
import { TextField } from "../../ui/text-field.tsx";
import { useSnapshot } from "../frame/participant-context.tsx";
import { usePendingRuns } from "../frame/pending-run.tsx";
import { Lead, Page, PageTitle } from "../frame/page.tsx";
import { readEntry } from "../model/enter.ts";
import type { Entry } from "../model/enter.ts";
import { pathOf } from "../model/road.ts";
import { enterWords } from "../words/common.ts";
import { explainWords } from "../words/explain.ts";
import { fill } from "../words/fill.ts";
import { openQrReader } from "./qr-reader.ts";
import type { QrReader } from "./qr-reader.ts";
import { PictureOfCode } from "./picture-of-code.tsx";
import { ScanCamera } from "./scan-camera.tsx";
import styles from "./enter-page.module.css";

/** `/join`: where a link or a code is put. */
export function EnterPage() {
  const pending = usePendingRuns();
  const [, navigate] = useLocation();
  const [text, setText] = useState("");
  const [entry, setEntry] = useState<Entry | null>(null);
  const reader = useReader();
  const open = useCallback(
    (given: string) => {
      const found = readEntry(given, location.origin);
      setText(given);
      setEntry(found);
      if (found.kind !== "here") return;
      const { run, link } = found;
      pending.put({ run, open: (actions) => actions.openLink(link) });
      navigate(pathOf(run, "explain"));
    },
    [pending, navigate],
  );
  const isWrong = entry?.kind === "empty" || entry?.kind === "not-a-link";
  return (
    <Page state={enterWords.state} run={null} step={null}>
      <Declined />
      <PageTitle>{enterWords.title}</PageTitle>
      <Lead>{enterWords.lead}</Lead>
      <form
        className={styles["form"]}
        onSubmit={(event) => {
          event.preventDefault();
          open(text);
        }}
      >
        <TextField
          label={enterWords.field}
          help={fill(enterWords.fieldHelp, { example: `${location.origin}/join/…#token=…` })}
          error={isWrong ? errors[entry.kind] : undefined}
          value={text}
          onChange={setText}
          autoComplete="off"
          isCode
        />
        <div>
          <Button kind="solid" size="big" type="submit">
            {enterWords.open}
          </Button>
        </div>
      </form>
      {entry?.kind === "elsewhere" ? <Elsewhere entry={entry} /> : null}
      <div className={styles["ways"]}>
        {reader === null ? (
          <p className={styles["cannot"]}>{enterWords.cannotScan}</p>
        ) : reader === undefined ? null : (
          <>
            <PictureOfCode reader={reader} onText={open} />
            <ScanCamera reader={reader} onText={open} />
          </>
        )}
      </div>
    </Page>
  );
}

const errors = { empty: enterWords.empty, "not-a-link": enterWords.notALink } as const;

/** Undefined until the browser has said what it can. */
function useReader(): QrReader | null | undefined {
  const [reader, setReader] = useState<QrReader | null | undefined>(undefined);
  useEffect(() => {
    let isGone = false;
    void openQrReader().then((found) => {
      if (!isGone) setReader(found);
    });
    return () => {
      isGone = true;
    };
  }, []);
  return reader;
}

function Declined() {
  const state = useHistoryState<{ readonly declined?: boolean } | null>();
  const { stage } = useSnapshot();
  if (state?.declined !== true || stage.kind !== "no-invitation") return null;
  return (
    <div className={styles["declined"]}>
      <ErrorNote title={explainWords.declined} tone="accent">
        {explainWords.declinedText}
      </ErrorNote>
    </div>
  );
}

const Elsewhere = ({ entry }: { readonly entry: Extract<Entry, { kind: "elsewhere" }> }) => (
  <div className={styles["elsewhere"]}>
    <Card title={fill(enterWords.otherServer, { server: entry.server })} size="large">
      <p className={styles["text"]}>{fill(enterWords.otherServerText, { here: location.host })}</p>
      <LinkButton href={entry.link} rel="noreferrer">
        {fill(enterWords.goThere, { server: entry.server })}
      </LinkButton>
    </Card>
  </div>
);
