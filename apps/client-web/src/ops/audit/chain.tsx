import { useQuery } from "@tanstack/react-query";
import { ShieldAlert, ShieldCheck } from "lucide-react";
import { useApi } from "../api/context.tsx";
import { keys } from "../api/keys.ts";
import { Button } from "../../ui/button.tsx";
import { Hash } from "../../ui/copy.tsx";
import { LoadError } from "../shell/load-error.tsx";
import { verdict } from "./audit-model.ts";
import type { Verification } from "./audit-model.ts";
import { words } from "./words.ts";
import styles from "./audit.module.css";

/** Whether the chain of the log is whole; checked when the page is opened, and on request. */
export function Chain() {
  const api = useApi();
  const { data, error, refetch, isFetching } = useQuery({
    queryKey: keys.auditChain,
    queryFn: ({ signal }) => api.verifyAudit({ signal }),
    staleTime: Number.POSITIVE_INFINITY,
  });
  const again = (): void => {
    void refetch();
  };
  if (error !== null) return <LoadError title={words.checkFailed} error={error} onRetry={again} />;
  if (data === undefined) return <p className={styles["chain"]}>{words.checking}</p>;
  return <Verdict verification={data} isBusy={isFetching} onCheck={again} />;
}

interface VerdictProps {
  readonly verification: Verification;
  readonly isBusy: boolean;
  readonly onCheck: () => void;
}

/** What the check has found. */
export function Verdict({ verification, isBusy, onCheck }: VerdictProps) {
  const { isWhole, title, text } = verdict(verification);
  const Icon = isWhole ? ShieldCheck : ShieldAlert;
  const { head } = verification;
  return (
    <section className={styles["chain"]} data-tone={isWhole ? "ok" : "bad"} aria-label={title}>
      <Icon size={18} aria-hidden />
      <div>
        <p className={styles["verdict"]}>{title}</p>
        <p className={styles["text"]}>
          {text}{" "}
          {head === null ? null : (
            <>
              {words.lastHash} <Hash value={head.hash} label={words.lastHash} />
            </>
          )}
        </p>
      </div>
      <Button size="small" isBusy={isBusy} onClick={onCheck}>
        {words.check}
      </Button>
    </section>
  );
}
