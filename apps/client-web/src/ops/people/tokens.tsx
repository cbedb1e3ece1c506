import type { StateLook } from "@fedtune/figures";
import { useQuery } from "@tanstack/react-query";
import { KeyRound } from "lucide-react";
import { useState } from "react";
import { useApi } from "../api/context.tsx";
import { keys } from "../api/keys.ts";
import { Button } from "../../ui/button.tsx";
import { DataTable } from "../../ui/data-table.tsx";
import { Empty } from "../../ui/empty.tsx";
import { StateWord } from "../../ui/pill.tsx";
import type { Column } from "../../ui/table-model.ts";
import { Instant } from "../shell/instant.tsx";
import { ActionsHead } from "./actions-head.tsx";
import { ConfirmDeed } from "./confirm-deed.tsx";
import { ListCard } from "./list-card.tsx";
import { NewTokenDialog } from "./new-token-dialog.tsx";
import { tokenState } from "./people-model.ts";
import type { Token, TokenState } from "./people-model.ts";
import { words as all } from "./words.ts";
import styles from "./people.module.css";

const words = all.tokens;
/** Tokens are few: one page holds them all. */
const MOST = 1_000;

/** What lets programs in. */
export function Tokens() {
  const api = useApi();
  const [nowMs] = useState(() => Date.now());
  const [isAdding, setAdding] = useState(false);
  const [ending, setEnding] = useState<Token | null>(null);
  const { data, error, refetch } = useQuery({
    queryKey: keys.tokens,
    queryFn: ({ signal }) => api.listTokens({ query: { limit: MOST }, signal }),
  });
  return (
    <ListCard
      {...{ title: words.title, about: words.about, add: words.add, icon: KeyRound }}
      onAdd={() => {
        setAdding(true);
      }}
      failed={words.loadFailed}
      error={error}
      onRetry={() => void refetch()}
    >
      {data === undefined ? null : (
        <DataTable
          caption={words.title}
          columns={columns(nowMs, setEnding)}
          rows={data.items}
          rowKey={({ id }) => id}
          rowHeight={44}
          empty={<Empty title={words.none}>{words.noneText}</Empty>}
        />
      )}
      <NewTokenDialog
        isOpen={isAdding}
        onClose={() => {
          setAdding(false);
        }}
      />
      <ConfirmDeed
        item={ending}
        onClose={() => {
          setEnding(null);
        }}
        deed={({ id }: Token) => api.revokeToken({ params: { token: id } })}
        queryKey={keys.tokens}
        title={({ name }) => words.revokeTitle(name)}
        effect={words.revokeEffect}
        verb={words.revokeVerb}
        failed={words.revokeFailed}
      />
    </ListCard>
  );
}

const looks: Readonly<Record<TokenState, StateLook>> = {
  valid: { word: words.valid, icon: "check", tone: "ok" },
  expired: { word: words.expired, icon: "clock-3", tone: "wait" },
  revoked: { word: words.revoked, icon: "ban", tone: "idle" },
};

function columns(nowMs: number, onRevoke: (token: Token) => void): readonly Column<Token>[] {
  return [
    {
      ...{ id: "name", header: words.name, phone: "title" },
      cell: ({ name }) => <span className={styles["name"]}>{name}</span>,
    },
    {
      ...{ id: "scopes", header: words.scopes, phone: "fact" },
      cell: ({ scopes }) => <code className={styles["key"]}>{scopes.join(", ")}</code>,
    },
    {
      ...{ id: "created", header: words.created },
      cell: ({ createdAt, operator }) => (
        <>
          <Instant at={createdAt} />, {operator ?? words.system}
        </>
      ),
    },
    {
      ...{ id: "used", header: words.used, phone: "fact" },
      cell: ({ lastUsedAt }) => <Instant at={lastUsedAt} never={words.never} />,
    },
    {
      ...{ id: "state", header: words.state, phone: "fact" },
      cell: (token) => (
        <StateWord look={looks[tokenState(token, nowMs)]}>
          {" "}
          <Instant at={token.revokedAt ?? token.expiresAt} never={words.noEnd} />
        </StateWord>
      ),
    },
    {
      ...{
        id: "actions",
        header: <ActionsHead />,
        align: "end",
        phone: "fact",
      },
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
