import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { KeyRound } from "lucide-react";
import { useState } from "react";
import { useApi } from "../api/context.tsx";
import { keys } from "../api/keys.ts";
import { Button } from "../../ui/button.tsx";
import { Card } from "../../ui/card.tsx";
import { ConfirmDialog } from "../../ui/confirm-dialog.tsx";
import { DataTable } from "../../ui/data-table.tsx";
import { Empty } from "../../ui/empty.tsx";
import type { Column } from "../../ui/table-model.ts";
import { Instant } from "../shell/instant.tsx";
import { LoadError } from "../shell/load-error.tsx";
import { NewTokenDialog } from "./new-token-dialog.tsx";
import { tokenState } from "./people-model.ts";
import type { Token } from "./people-model.ts";
import { words as all } from "./words.ts";
import styles from "./people.module.css";

const words = all.tokens;
/** Tokens are few: one page holds them all. */
const MOST = 1_000;

/** What lets programs in. */
export function Tokens() {
  const api = useApi();
  const queries = useQueryClient();
  const [isAdding, setAdding] = useState(false);
  const [ending, setEnding] = useState<Token | null>(null);
  const { data, error, refetch } = useQuery({
    queryKey: keys.tokens,
    queryFn: ({ signal }) => api.listTokens({ query: { limit: MOST }, signal }),
  });
  const revoke = useMutation({
    mutationFn: ({ id }: Token) => api.revokeToken({ params: { token: id } }),
    onSuccess: async () => {
      setEnding(null);
      await queries.invalidateQueries({ queryKey: keys.tokens });
    },
  });
  return (
    <Card
      title={words.title}
      subtitle={words.about}
      padding="bare"
      actions={
        <Button
          size="small"
          icon={KeyRound}
          onClick={() => {
            setAdding(true);
          }}
        >
          {words.add}
        </Button>
      }
    >
      {error === null ? null : (
        <div className={styles["note"]}>
          <LoadError title={words.loadFailed} error={error} onRetry={() => void refetch()} />
        </div>
      )}
      {data === undefined ? null : (
        <DataTable
          caption={words.title}
          columns={columns(setEnding)}
          rows={data.items}
          rowKey={({ id }) => id}
          empty={<Empty title={words.none}>{words.noneText}</Empty>}
        />
      )}
      <NewTokenDialog
        isOpen={isAdding}
        onClose={() => {
          setAdding(false);
        }}
      />
      <ConfirmDialog
        isOpen={ending !== null}
        onClose={() => {
          setEnding(null);
          revoke.reset();
        }}
        onConfirm={() => {
          if (ending !== null) revoke.mutate(ending);
        }}
        title={words.revokeTitle(ending?.name ?? "")}
        effect={words.revokeEffect}
        verb={words.revokeVerb}
        isBusy={revoke.isPending}
      >
        {revoke.error === null ? null : (
          <LoadError title={words.revokeFailed} error={revoke.error} isUrgent />
        )}
      </ConfirmDialog>
    </Card>
  );
}

function columns(onRevoke: (token: Token) => void): readonly Column<Token>[] {
  return [
    {
      ...{ id: "name", header: words.name, phone: "title" },
      cell: ({ name }) => <span className={styles["name"]}>{name}</span>,
    },
    {
      ...{ id: "scopes", header: words.scopes, phone: "fact" },
      cell: ({ scopes }) => <code className={styles["key"]}>{scopes.join(", ")}</code>,
    },
    { ...{ id: "by", header: words.by }, cell: ({ operator }) => operator ?? words.system },
    {
      ...{ id: "created", header: words.created },
      cell: ({ createdAt }) => <Instant at={createdAt} />,
    },
    {
      ...{ id: "expires", header: words.expires },
      cell: ({ expiresAt }) => <Instant at={expiresAt} never={words.lastsFor.ever.toLowerCase()} />,
    },
    {
      ...{ id: "used", header: words.used, phone: "fact" },
      cell: ({ lastUsedAt }) => <Instant at={lastUsedAt} never={words.never} />,
    },
    {
      ...{ id: "state", header: words.state, phone: "fact" },
      cell: (token) => words[tokenState(token, Date.now())],
    },
    {
      ...{ id: "actions", header: "", align: "end", phone: "fact" },
      cell: (token) =>
        token.revokedAt !== null ? null : (
          <Button
            size="small"
            kind="quiet"
            aria-label={`${words.revoke} ${token.name}`}
            onClick={() => {
              onRevoke(token);
            }}
          >
            {words.revoke}
          </Button>
        ),
    },
  ];
}
